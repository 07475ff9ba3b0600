"""Keys change and end: what this aggregator takes afterwards, and what it no longer does. Scenario R19."""

import pytest

from aggregator.command_store import Pending
from aggregator.event_store import read_event
from aggregator.keys import read_announcement
from aggregator.notices import Notices
from aggregator.refusal import Refused
from chain.ed25519 import verify
from tests.aggregator.area import NETWORK, NOW, ident, load_of, reading_of, record, sign, signer
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from tests.aggregator.site import Aggregator
from wire import block, command, cose, event, key_notice, kind, message, reading, revocation, rotation, topics
from wire import bundle as wire_bundle
from wire.errors import WireError
from wire.interval import WINDOW_S, interval_of

HERE = interval_of(NOW)


def rotation_to(name: str, by: str = "meter-1", subject: str = "meter-1") -> bytes:
    key = signer(name)
    proof = key.sign(rotation.possession(NETWORK, ident(subject), key.public_key))
    return sign(by, rotation.KIND, rotation.LAYOUT, (NOW, ident(subject), key.public_key, proof))


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


# -- what devices are told ---------------------------------------------------------------------------


def notices(site) -> Notices:
    return Notices(site.site, site.control.mlmd_of)


def told(messages) -> list[tuple[bytes, key_notice.KeyNotice]]:
    """(device of the topic, notice), verified as a device does it."""
    keys = {ident("aggregator"): signer("aggregator").public_key}
    layout = key_notice.LAYOUT
    return [
        (topics.device_of(topic)[0], message.open_as(key_notice.KIND, layout, data, keys.get, NETWORK, verify)[1])
        for topic, data in messages
    ]


def test_a_device_is_told_when_the_ledger_has_its_key_and_again_when_it_asks(site):
    data = rotation_to("key 2")
    site.node.announce(data, ident("meter-1"), NOW)
    assert site.node.changed_keys == [], "not before"
    site.follow(site.chain.add(data, interval=HERE))
    assert site.node.changed_keys == [ident("meter-1")]
    notice = key_notice.KeyNotice(2, ident("meter-1"), signer("key 2").public_key)
    assert told(notices(site).about(ident("meter-1"))) == [(ident("meter-1"), notice)]
    site.crash()
    site.node.announce(data, ident("meter-1"), NOW)
    assert site.node.changed_keys == [ident("meter-1")]
    assert told(notices(site).about(ident("meter-1"))) == [(ident("meter-1"), notice)], "the same number, the same word"
    assert notices(site).about(ident("meter-2")) == [], "its key never changed"


def test_every_mlmd_is_told_of_an_mlmd_and_an_mlmd_that_is_back_of_all_it_may_have_missed(site):
    site.follow(site.chain.add(site.chain.registration("mlmd-2"), interval=HERE))
    site.take(reading_of("meter-1", 1, 1))  # it came through mlmd-1
    changed = [rotation_to("key 2"), rotation_to("key 3", by="mlmd-1", subject="mlmd-1")]
    site.follow(site.chain.add(*changed, interval=HERE))
    assert {to for to, _ in told(notices(site).about(ident("mlmd-1")))} == {ident("mlmd-1"), ident("mlmd-2")}
    back = {(to, said.subject_id) for to, said in told(notices(site).through(ident("mlmd-1")))}
    assert back == {(ident("mlmd-1"), ident("mlmd-1")), (ident("meter-1"), ident("meter-1"))}
    other = {(to, said.subject_id) for to, said in told(notices(site).through(ident("mlmd-2")))}
    assert other == {(ident("mlmd-2"), ident("mlmd-1"))}
    site.follow(site.chain.add(revocation_of("mlmd-1"), interval=HERE))
    assert notices(site).through(ident("mlmd-1")) == notices(site).about(ident("mlmd-1")) == []


def test_until_the_device_uses_its_next_key_all_it_says_under_the_one_before_is_taken(site):
    site.follow(site.chain.add(rotation_to("key 2", by="mlmd-1", subject="mlmd-1"), interval=HERE))
    site.now_s = NOW + 3 * 3600  # it was cut off, and has not heard
    assert site.take(reading_of("mlmd-1", 1, 1, record(NOW + 2 * 3600)))
    began = event.Event(1, 1, NOW + 2 * 3600, 0, 1, b"", 0)
    signed = sign("mlmd-1", event.KIND, event.LAYOUT, began)
    assert read_event(signed, ident("mlmd-1"), site.site.registry, NETWORK) == began
    site.control.take_load(load_of("mlmd-1", 1, 5, int(site.now_s)), ident("mlmd-1"))
    bundle = sign(
        "mlmd-1", wire_bundle.KIND, wire_bundle.LAYOUT, (1, 9, NOW, (under("key 2", 1, 2, NOW + 9000, "mlmd-1"),))
    )
    site.reception.take([bundle], site.now_s)
    site.crash()
    with pytest.raises(WireError, match="bad_signature"):
        site.control.take_load(load_of("mlmd-1", 2, 5, int(site.now_s)), ident("mlmd-1"))
    assert not site.take(reading_of("mlmd-1", 1, 3, record(NOW + 9900))), "neither does its bundle count any more"
    assert read_event(signed, ident("mlmd-1"), site.site.registry, NETWORK), "what was before is still told"
    same_window = sign("mlmd-1", event.KIND, event.LAYOUT, event.Event(1, 2, NOW + 9890, 0, 1, b"", 0))
    assert read_event(same_window, ident("mlmd-1"), site.site.registry, NETWORK), "and what was just before it changed"
    after = sign("mlmd-1", event.KIND, event.LAYOUT, event.Event(1, 3, NOW + 9900, 0, 1, b"", 0))
    with pytest.raises(WireError, match="bad_signature"):
        read_event(after, ident("mlmd-1"), site.site.registry, NETWORK)
    assert not site.take(reading_of("mlmd-1", 1, 3, record(NOW + 9000))), "two readings of one window, under two keys"


def test_the_operators_word_for_an_areas_new_aggregator_is_passed_on(site):
    word = sign("operator", key_notice.KIND, key_notice.LAYOUT, (NOW, ident("aggregator"), signer("next").public_key))
    passing = Notices(site.site, site.control.mlmd_of, word)
    assert passing.through(ident("mlmd-1")) == passing.succession({ident("mlmd-1")})
    assert [sent.payload for sent in passing.succession({ident("mlmd-1"), ident("meter-1")})] == [word, word]
    assert notices(site).succession({ident("mlmd-1")}) == [], "where the area was nobody's before"


# -- what the operator orders ------------------------------------------------------------------------


def order_for(name: str, sequence: int = 1, by: str = "operator", action: int = command.ROTATE_KEY, **fields) -> bytes:
    content = command.Command(ident(name), sequence, 0, 0, 0, NOW, NOW + 3600, action, 0)._replace(**fields)
    return sign(by, command.KIND, command.LAYOUT, content)


def test_an_order_becomes_a_command_of_ours_once(site):
    sent = site.control.take_order(order_for("meter-1"), ident("meter-1"), NOW)
    assert sent.topic == topics.of_device(ident("aggregator"), ident("meter-1"), "command")
    envelope = cose.open_envelope(sent.payload)
    cose.check_signature(envelope, signer("aggregator").public_key, NETWORK, verify)
    issued = message.decode(command.LAYOUT, envelope.payload)
    assert (issued.action, issued.sequence, issued.expires_s) == (command.ROTATE_KEY, 1, NOW + 3600)
    assert site.control.resend_all(NOW) == [sent]
    site.crash()
    with pytest.raises(Refused, match="stale_order"):
        site.control.take_order(order_for("meter-1"), ident("meter-1"), NOW)
    site.control.take_order(order_for("meter-2", 2), ident("meter-2"), NOW)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (order_for("meter-1", by="aggregator"), "unknown_signer"),
        (order_for("meter-1")[:-1] + b"\0", "bad_signature"),
        (order_for("meter-2"), "wrong_topic"),
        (order_for("meter-1", action=command.BREAKER), "unknown_order"),
        (order_for("meter-1", expires_s=NOW), "stale_order"),
        (order_for("meter-1", not_before_s=NOW + 1), "stale_order"),
        (revocation_of("meter-1"), "wrong_kind"),
    ],
)
def test_an_order_that_is_none(site, data, name):
    with pytest.raises((WireError, Refused)) as found:
        site.control.take_order(data, ident("meter-1"), NOW)
    assert found.value.name == name
    assert not site.control.resend_all(NOW)


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
