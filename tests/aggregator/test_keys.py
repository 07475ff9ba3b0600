"""Keys change and end: what this aggregator takes afterwards, and what it no longer does. Scenario R19."""

import pytest

from aggregator.command_store import Pending
from aggregator.keys import read_announcement
from aggregator.refusal import Refused
from chain.ed25519 import verify
from tests.aggregator.area import NETWORK, NOW, ident, reading_of, record, sign, signer
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from tests.aggregator.site import Aggregator
from wire import block, cose, kind, message, reading, revocation, rotation, topics
from wire.errors import WireError
from wire.interval import WINDOW_S, interval_of

HERE = interval_of(NOW)


def rotation_to(name: str, by: str = "meter-1", subject: str = "meter-1") -> bytes:
    return sign(by, rotation.KIND, rotation.LAYOUT, (NOW, ident(subject), signer(name).public_key))


def revocation_of(name: str) -> bytes:
    return sign("operator", revocation.KIND, revocation.LAYOUT, (9, ident(name), 1))


def under(name: str, boot: int, sequence: int, start_s: int, subject: str = "meter-1") -> bytes:
    """A reading of `subject` that the key of another name signed."""
    content = (boot, sequence, (record(start_s),))
    return message.seal(reading.KIND, reading.LAYOUT, content, ident(subject), NETWORK, signer(name).sign)


@pytest.fixture
def site(tmp_path):
    aggregator, chain = Aggregator(tmp_path / "store.sqlite"), ChainOfBlocks()
    names = ("meter-1", "meter-2", "mlmd-1")
    aggregator.follow(chain.add(*[chain.registration(name) for name in names], interval=HERE))
    aggregator.chain = chain
    return aggregator


def refused(site) -> dict:
    return {name: count for name, count in site.store.refused().items() if count}


def test_what_the_old_key_signed_before_is_still_taken(site):
    assert site.take(reading_of("meter-1", 1, 1, record(NOW - 2 * WINDOW_S)))
    site.follow(site.chain.add(rotation_to("key 2"), interval=HERE))
    site.crash()  # and it is known after a restart
    assert site.take(reading_of("meter-1", 1, 2, record(NOW - WINDOW_S))), "measured before, told later"
    assert site.take(under("key 2", 1, 3, NOW)), "the new key"
    later_s = NOW + 2 * WINDOW_S
    site.now_s = later_s + WINDOW_S
    assert not site.take(reading_of("meter-1", 1, 4, record(later_s))), "the old key, after its end"
    assert refused(site) == {"bad_signature": 1}


def test_a_key_the_operator_ends_counts_no_more(site):
    site.follow(site.chain.add(rotation_to("key 2", by="operator"), interval=HERE))
    assert not site.take(reading_of("meter-1", 1, 1)), "stolen: whoever has it may have made this up"
    assert site.take(under("key 2", 1, 1, NOW - WINDOW_S))


@pytest.mark.parametrize("signed_by", ["meter-2", "mlmd-1", "stranger"])
def test_nobody_else_changes_a_key(site, signed_by):
    site.follow(site.chain.add(rotation_to("key 2", by=signed_by), interval=HERE))
    assert site.take(reading_of("meter-1", 1, 1))


def test_a_revoked_device_is_refused_by_name_within_one_block(site):
    assert site.take(reading_of("meter-1", 1, 1, record(NOW - 2 * WINDOW_S)))
    stored = site.store.readings.stored((ident("meter-1"), 1, 1))
    site.follow(site.chain.add(revocation_of("meter-1"), interval=HERE))
    assert not site.take(reading_of("meter-1", 1, 2))
    site.crash()
    assert not site.take(reading_of("meter-1", 1, 2))
    assert refused(site) == {"revoked": 2}
    assert site.take(reading_of("meter-2", 1, 1)), "nobody else is touched"
    # Its old data still verifies, with the key that is kept on record.
    key = site.site.registry.revoked[ident("meter-1")].public_key
    cose.check_signature(cose.open_envelope(stored), key, NETWORK, verify)
    site.now_s += 1
    assert site.seal(), "and is sealed for what it was"


def test_bundles_of_a_revoked_mlmd_are_refused(site):
    site.follow(site.chain.add(revocation_of("mlmd-1"), interval=HERE))
    assert not site.take(reading_of("meter-1", 1, 1))
    assert refused(site) == {"revoked": 1}


def test_commands_to_it_stop(site):
    site.follow(site.chain.add(site.chain.heater_contract(1, "meter-1"), interval=HERE))
    decision = block.Decision(1, 1, ident("meter-1"), ident("aggregator"), HERE, 1, 0, 0)
    assert site.follow(site.chain.add(decisions=(decision,), interval=HERE))
    assert isinstance(site.store.commands.pending(NOW)[0], Pending)
    assert site.control.resend_all(NOW)
    site.follow(site.chain.add(revocation_of("meter-1"), interval=HERE))
    assert not site.control.resend_all(NOW)
    again = decision._replace(decision_id=2, value=1)
    assert not site.follow(site.chain.add(decisions=(again,), interval=HERE))
    assert not site.control.deferrables(NOW)


# -- what a device announces -----------------------------------------------------------------------


def test_an_announcement_goes_to_the_ledger_once(site):
    data = rotation_to("key 2")
    for _ in range(2):
        assert site.node.announce(data, ident("meter-1"), NOW) == [(topics.SUBMIT, data)]
    assert [one.kind for one in site.store.submissions.open()] == [kind.ROTATION]
    site.follow(site.chain.add(data, interval=HERE))
    assert site.node.announce(data, ident("meter-1"), NOW) == [], "it is in force"
    assert site.store.submissions.open() == []


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (rotation_to("key 2", by="meter-2"), "wrong_topic"),
        (rotation_to("key 2", by="operator"), "wrong_topic"),
        (rotation_to("key 2", by="mlmd-1", subject="mlmd-1"), "wrong_topic"),
        (rotation_to("key 2")[:-1] + b"\0", "bad_signature"),
        (revocation_of("meter-1"), "wrong_kind"),
    ],
)
def test_an_announcement_that_is_none(site, data, name):
    with pytest.raises((WireError, Refused)) as found:
        read_announcement(data, ident("meter-1"), site.site.registry, NETWORK)
    assert found.value.name == name
