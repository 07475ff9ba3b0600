"""The store's file: one process writes, anybody may read, and what is torn is rolled back."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.export import export
from aggregator.store import Store, StoreBusy
from tests.aggregator.area import NOW, ident, reading_of, record
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from tests.aggregator.site import Aggregator
from wire.block import Decision
from wire.command import RELAY
from wire.interval import WINDOW_S, interval_of

TOP = Path(__file__).parents[2]


def test_one_process_at_a_time(tmp_path):
    store = Store(tmp_path / "store.sqlite")
    with pytest.raises(StoreBusy, match="another process"):
        Store(tmp_path / "store.sqlite")
    store.close()
    Store(tmp_path / "store.sqlite").close()


def test_a_transaction_happens_whole_or_not_at_all(tmp_path):
    store = Store(tmp_path / "store.sqlite")
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.count_refused({"replayed": 1})
        raise ZeroDivisionError
    assert store.refused() == {}
    for _ in range(2):
        with store.transaction():
            store.count_refused({"replayed": 1})
    assert store.refused() == {"replayed": 2}


def test_the_store_is_durable_before_anything_is_said(tmp_path):
    db = Store(tmp_path / "store.sqlite").db
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


@pytest.fixture
def filled(tmp_path):
    """A day's worth of one of everything, in a store that was closed."""
    path = tmp_path / "store.sqlite"
    aggregator, chain = Aggregator(path), ChainOfBlocks()
    aggregator.follow(chain.add(chain.registration("mlmd-1"), chain.registration("meter-1")))
    one, two = record(NOW - WINDOW_S, consumed_total_wh=1), record(NOW, duration_s=1, consumed_total_wh=2)
    readings = [reading_of("meter-1", 1, 1, one), reading_of("meter-1", 1, 4, one, two)]
    aggregator.take(*readings)
    aggregator.take(readings[0])
    aggregator.now_s = NOW + 30
    aggregator.seal()
    decision = Decision(1, 7, ident("meter-1"), ident("aggregator"), interval_of(NOW), RELAY, 1, 0)
    aggregator.follow(chain.add(decisions=[decision]))
    aggregator.store.close()
    return path


def test_an_export_has_everything_in_plain_values(filled):
    found = export(filled)
    first, second = found["readings"]
    assert (first["device_id"], first["boot"], first["sequence"]) == (ident("meter-1").hex(), 1, 1)
    assert (first["light_block"], second["light_block"], first["billed"]) == (1, 1, True)
    assert len(second["records"]) == 2 and second["records"][1][0] == NOW
    assert found["refused"] == {"replayed": 1}
    assert found["gaps"] == [{"device_id": ident("meter-1").hex(), "boot": 1, "first_sequence": 2, "last_sequence": 3}]
    assert [block["number"] for block in found["light_blocks"]] == [1, 2]
    assert found["commands"] == [
        {
            "device_id": ident("meter-1").hex(),
            "sequence": 1,
            "decision_id": 1,
            "action": RELAY,
            "value": 1,
            "issued_s": NOW + 30,
            "expires_s": NOW + 2100,
            "receipt": None,
        }
    ]
    assert [submission["closed"] for submission in found["submissions"]] == [False, False]
    assert found["receipts"] == found["evidence"] == []


def test_the_command_prints_the_same_as_json(filled):
    command_line = [sys.executable, "-m", "aggregator", "export", str(filled)]
    printed = subprocess.run(command_line, cwd=TOP, check=True, capture_output=True).stdout
    assert json.loads(printed) == json.loads(json.dumps(export(filled)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage"),
        (["a", "b", "c"], "usage"),
        (["export", "nowhere.sqlite"], "there is no such store"),
        (["nowhere.toml"], "No such file"),
    ],
)
def test_wrong_arguments_end_it_with_a_sentence(arguments, said):
    command_line = [sys.executable, "-m", "aggregator", *arguments]
    ended = subprocess.run(command_line, cwd=TOP, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert said in ended.stderr and "Traceback" not in ended.stderr
