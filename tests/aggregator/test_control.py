"""Control as stories: decisions to commands, receipts to the ledger, shedding by what M-LMDs measure."""

import pytest

from aggregator.refusal import Refused
from tests.aggregator.area import NOW, ident, load_of, reading_of, receipt_of, record, sign
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from tests.aggregator.site import Aggregator
from wire import acknowledgement, area_load, command, cose, message, receipt, strategy, topics
from wire.block import Decision
from wire.command import BATTERY_POWER, RELAY
from wire.errors import WireError
from wire.interval import interval_of

THIS = interval_of(NOW)
MEMBERS = ("mlmd-1", "meter-1", "meter-2")


@pytest.fixture
def chain():
    blocks = ChainOfBlocks()
    blocks.add(*(blocks.registration(name) for name in MEMBERS))
    blocks.add(blocks.heater_contract(1, "meter-1"), blocks.heater_contract(2, "meter-2", power_w=3000))
    return blocks


@pytest.fixture
def aggregator(tmp_path, chain):
    made = Aggregator(tmp_path / "store.sqlite")
    made.follow(*chain.blocks)
    return made


def decide(
    number: int, name: str = "meter-1", value: int = 1, action: int = RELAY, area: str = "aggregator"
) -> Decision:
    return Decision(number, 1, ident(name), ident(area), THIS, action, value, 0)


def opened(sent) -> command.Command:
    return message.decode(command.LAYOUT, cose.open_envelope(sent.payload).payload)


def summary(messages) -> list[tuple[str, int, int, int]]:
    """(device, sequence, decision, value) of each command."""
    names = {ident(name): name for name in MEMBERS}
    orders = [opened(sent) for sent in messages]
    return [(names[order.device_id], order.sequence, order.decision_id, order.value) for order in orders]


def heat(aggregator: Aggregator, **temperatures_c: int) -> None:
    """Readings through mlmd-1 of heaters that are on."""
    for keyword, temperature_c in temperatures_c.items():
        name = keyword.replace("_", "-")
        number = aggregator.store.readings.latest.get(ident(name), ((0, 0), ()))[0][1] + 1
        aggregator.take(reading_of(name, 1, number, record(temperature_mc=1000 * temperature_c)))


# Dispatch.


def test_decisions_of_our_area_become_commands_to_their_devices(aggregator, chain):
    made = [decide(1), decide(2, "meter-2", -1500, BATTERY_POWER), decide(3, "meter-3"), decide(4, area="aggregator-2")]
    sent = aggregator.follow(chain.add(decisions=made))
    assert summary(sent) == [("meter-1", 1, 1, 1), ("meter-2", 1, 2, -1500)]
    assert sent[0].topic == topics.of_device(ident("aggregator"), ident("meter-1"), "command")
    assert opened(sent[0]).height == 3


def test_a_device_s_sequence_rises_across_restarts(aggregator, chain):
    aggregator.follow(chain.add(decisions=[decide(1)]))
    aggregator.crash()
    assert summary(aggregator.follow(chain.add(decisions=[decide(2), decide(3)]))) == [
        ("meter-1", 2, 2, 1),
        ("meter-1", 3, 3, 1),
    ]


def test_a_store_from_a_backup_learns_from_the_ledger_which_sequences_are_spent(aggregator, chain, tmp_path):
    (sent,) = aggregator.follow(chain.add(decisions=[decide(1)]))
    spent = receipt_of("meter-1", 1, sent.payload, opened(sent)._replace(sequence=41))
    assert summary(aggregator.follow(chain.add(spent, decisions=[decide(2)]))) == [("meter-1", 42, 2, 1)]


def test_an_applied_transaction_that_is_none_is_counted_and_skipped(aggregator, chain):
    aggregator.follow(chain.add(b"\x58", chain.registration("meter-3")))
    assert aggregator.site.refused["truncated"] == 1
    assert ident("meter-3") in aggregator.site.registry.devices


def test_an_expired_decision_is_never_sent(aggregator, chain):
    aggregator.now_s = NOW + 1800 + 300
    assert aggregator.follow(chain.add(decisions=[decide(1)])) == []


def test_a_block_is_dispatched_once(aggregator, chain):
    block = chain.add(decisions=[decide(1)])
    assert aggregator.follow(block) != []
    assert aggregator.follow(block) == []
    aggregator.crash()
    assert aggregator.follow(*chain.blocks) == []


# Sending again.


def test_without_a_receipt_the_same_bytes_go_out_again_in_time(aggregator, chain):
    (sent,) = aggregator.follow(chain.add(decisions=[decide(1)]))
    assert aggregator.control.next_resend_s(NOW) == NOW + 30
    assert aggregator.control.resend(NOW, NOW + 29) == []
    assert aggregator.control.resend(NOW + 29, NOW + 31) == [sent]
    assert aggregator.control.next_resend_s(NOW + 31) == NOW + 150
    assert aggregator.control.resend(NOW + 31, NOW + 200) == [sent]
    assert aggregator.control.next_resend_s(NOW + 200) is None
    assert aggregator.control.resend_all(NOW + 2100) == []  # expired


def test_after_a_restart_or_when_the_mlmd_is_back_what_waits_is_sent_again(aggregator, chain):
    heat(aggregator, meter_1=50)
    (sent,) = aggregator.follow(chain.add(decisions=[decide(1)]))
    aggregator.crash()
    assert aggregator.control.resend_all(NOW + 5) == [sent]
    assert aggregator.control.resend_through(ident("mlmd-1"), NOW + 5) == [sent]
    assert aggregator.control.resend_through(ident("mlmd-2"), NOW + 5) == []


def test_only_a_device_s_last_command_is_sent_again(aggregator, chain):
    _, last = aggregator.follow(chain.add(decisions=[decide(1), decide(2, value=0)]))
    assert aggregator.control.resend_all(NOW + 5) == [last]
    aggregator.control.take_receipts([(ident("meter-1"), receipt_of("meter-1", 1, last.payload, opened(last)))], NOW)
    assert aggregator.control.resend_all(NOW + 5) == []


# Receipts.


def test_a_receipt_is_kept_and_goes_to_the_ledger_as_signed(aggregator, chain):
    (sent,) = aggregator.follow(chain.add(decisions=[decide(1)]))
    data = receipt_of("meter-1", 1, sent.payload, opened(sent))
    aggregator.control.resend_through(ident("mlmd-1"), NOW)  # it is online; nobody's readings are known yet
    submitted, heard = aggregator.control.take_receipts([(ident("meter-1"), data)], NOW + 1)
    assert submitted == (topics.SUBMIT, data)
    place = receipt.ACKNOWLEDGED + 1
    said = message.decode(acknowledgement.LAYOUT, cose.open_envelope(heard.payload).payload)
    assert said.entries == ((ident("meter-1"), 1, place, place),)
    aggregator.crash()
    assert [one.payload for one in aggregator.node.open_submissions()] == [data]
    assert aggregator.control.resend_all(NOW + 5) == []
    aggregator.follow(chain.add(data))
    assert aggregator.node.open_submissions() == []


def test_receipts_that_are_refused(aggregator, chain):
    (sent,) = aggregator.follow(chain.add(decisions=[decide(1)]))
    order = opened(sent)
    aggregator.control.resend_through(ident("mlmd-1"), NOW)
    good = receipt_of("meter-1", 1, sent.payload, order)
    cases = [
        ("meter-1", good, None),
        ("meter-1", good, "replayed_receipt"),
        ("meter-1", receipt_of("meter-1", 1, sent.payload, order, power_w=9), "contradicted"),
        ("meter-2", receipt_of("meter-1", 2, sent.payload, order), "wrong_topic"),
        ("meter-2", receipt_of("meter-2", 1, sent.payload, order), "unknown_command"),  # for another's command
        ("meter-1", receipt_of("meter-1", 3, b"other bytes", order), "unknown_command"),
        ("meter-1", receipt_of("meter-1", 3, sent.payload, order, decision_id=2), "unknown_command"),
        ("meter-1", receipt_of("meter-1", 3, sent.payload, order._replace(sequence=9)), "unknown_command"),
        ("meter-9", receipt_of("meter-9", 1, sent.payload, order), "unknown_signer"),
        ("meter-1", good[:-1] + b"\x00", "bad_signature"),
    ]
    for name, data, refusal in cases:
        before = aggregator.store.refused()
        sent = [outgoing.topic for outgoing in aggregator.control.take_receipts([(ident(name), data)], NOW + 1)]
        counted = dict(aggregator.store.refused() - before)
        assert counted == ({refusal: 1} if refusal else {}), refusal
        assert (topics.SUBMIT in sent) is (refusal is None)
        # Whatever was its device's own need not be said again, good or not.
        is_its_own = refusal in (None, "replayed_receipt", "contradicted", "unknown_command")
        assert any(topic.endswith("acknowledgement") for topic in sent) is is_its_own, refusal


# Edge control.


def measure(aggregator: Aggregator, number: int, power_w: int, after_s: int = 0) -> list:
    aggregator.now_s = NOW + after_s
    aggregator.control.take_load(load_of("mlmd-1", number, power_w, measured_s=NOW + after_s), ident("mlmd-1"))
    return aggregator.control.control_edge(NOW + after_s)


def test_an_area_over_its_limit_sheds_restores_and_leaves_the_rest_to_the_ledger(aggregator, chain):
    heat(aggregator, meter_1=50, meter_2=60)
    aggregator.follow(chain.add(decisions=[decide(1, "meter-1"), decide(2, "meter-2")]))
    assert summary(measure(aggregator, 1, 11_000)) == [("meter-2", 2, 0, 0)]
    report = message.decode(area_load.LAYOUT, cose.open_envelope(aggregator.control.area_load(NOW).payload).payload)
    assert (report.power_w, report.shed_w) == (11_000, 3000)
    assert measure(aggregator, 2, 8000, 60) == []  # not enough room yet
    assert summary(measure(aggregator, 3, 5000, 120)) == [("meter-2", 3, 0, 1)]
    assert measure(aggregator, 4, 5000, 180) == []


def test_an_edge_command_expires_with_the_interval_and_a_new_decision_replaces_it(aggregator, chain):
    heat(aggregator, meter_2=60)
    (sent,) = measure(aggregator, 1, 11_000)
    assert opened(sent).expires_s == NOW + 1800 + 300
    assert set(aggregator.control.sheds) == {ident("meter-2")}
    aggregator.crash()
    assert set(aggregator.control.sheds) == {ident("meter-2")}  # known again
    aggregator.follow(chain.add(decisions=[decide(1, "meter-2")]))
    assert not aggregator.control.sheds


def test_a_refusal_is_noted_and_the_next_warmest_is_asked(aggregator):
    heat(aggregator, meter_1=50, meter_2=60)
    (sent,) = measure(aggregator, 1, 11_000)
    cold = receipt_of(
        "meter-2", 1, sent.payload, opened(sent), receipt.REFUSED, reason=receipt.REASONS.index("comfort_low"), relays=1
    )
    aggregator.control.take_receipts([(ident("meter-2"), cold)], NOW + 1)
    assert summary(measure(aggregator, 2, 11_000, 5)) == [("meter-1", 1, 0, 0)]
    assert measure(aggregator, 3, 11_000, 10) == []


def test_a_closed_contract_is_no_longer_shed(aggregator, chain):
    heat(aggregator, meter_1=50, meter_2=60)
    aggregator.follow(chain.add(chain.close_contract(2)))
    assert summary(measure(aggregator, 1, 11_000)) == [("meter-1", 1, 0, 0)]


def test_without_a_known_state_nothing_is_switched(aggregator):
    assert measure(aggregator, 1, 11_000) == []


@pytest.mark.parametrize(
    ("data", "device", "refusal"),
    [
        (load_of("mlmd-1", 2, 1), "meter-1", "wrong_topic"),
        (load_of("mlmd-1", 1, 1), "mlmd-1", "stale_load"),
        (load_of("meter-1", 1, 1), "meter-1", "unknown_signer"),
        (b"", "mlmd-1", "truncated"),
    ],
)
def test_loads_that_are_refused(aggregator, data, device, refusal):
    aggregator.control.take_load(load_of("mlmd-1", 1, 1), ident("mlmd-1"))
    with pytest.raises((Refused, WireError), match=refusal):
        aggregator.control.take_load(data, ident(device))


def strategy_of(name: str, issued_s: int, report_s: int = 60) -> bytes:
    return sign(name, strategy.KIND, strategy.LAYOUT, (issued_s, report_s, 50_000))


def test_the_newest_strategy_of_the_cloud_holds(aggregator):
    aggregator.control.take_strategy(strategy_of("cloud", NOW))
    assert aggregator.control.strategy == (NOW, 60, 50_000)
    for data, refusal in (
        (strategy_of("cloud", NOW), "stale_strategy"),
        (strategy_of("cloud", NOW - 1), "stale_strategy"),
        (strategy_of("mallory", NOW + 1), "unknown_signer"),
    ):
        with pytest.raises((Refused, WireError), match=refusal):
            aggregator.control.take_strategy(data)
