"""Events: kept once, whoever says them again; only of who signed them."""

import pytest

from aggregator.event_store import read_event
from aggregator.export import export
from aggregator.refusal import Refused
from aggregator.store import Store
from tests.aggregator.area import NETWORK, NOW, ident, registry, sign
from wire import event
from wire.errors import WireError


def event_of(name, sequence=1, end_s=0, code=1, network=NETWORK):
    return sign(name, event.KIND, event.LAYOUT, (1, sequence, NOW, end_s, code, ident("meter-1"), 1980), network)


def read(data, name="mlmd-1"):
    return read_event(data, ident(name), registry(), NETWORK)


def test_an_event_is_kept_once_and_exported(tmp_path):
    store = Store(tmp_path / "store.sqlite")
    for data in (
        event_of("mlmd-1"),
        event_of("mlmd-1"),
        event_of("mlmd-1", 2, NOW + 60),
        event_of("mlmd-1", 3, code=250),
    ):
        with store.transaction():
            store.events.add(ident("mlmd-1"), read(data), data, NOW + 5)
    store.close()
    rows = export(tmp_path / "store.sqlite")["events"]
    assert [(row["sequence"], row["code"], row["end_s"]) for row in rows] == [
        (1, "meter_silent", 0),
        (2, "meter_silent", NOW + 60),
        (3, "code_250", 0),
    ]
    assert rows[0]["subject"] == ident("meter-1").hex() and rows[0]["value"] == 1980


def test_another_event_in_the_same_place_is_refused(tmp_path):
    store = Store(tmp_path / "store.sqlite")
    first, second = event_of("mlmd-1"), event_of("mlmd-1", code=2)
    with store.transaction():
        assert store.events.add(ident("mlmd-1"), read(first), first, NOW)
        with pytest.raises(Refused, match="contradicted"):
            store.events.add(ident("mlmd-1"), read(second), second, NOW)
    store.close()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (event_of("mlmd-9"), "unknown_signer"),
        (event_of("mlmd-1", network=bytes(8)), "bad_signature"),
        (event_of("meter-1"), "wrong_topic"),
        (b"noise", "forbidden_type"),
    ],
)
def test_whose_events_are_not_taken(data, fault):
    with pytest.raises((WireError, Refused)) as refused:
        read(data)
    assert refused.value.name == fault
