"""The full node on a real ledger: blocks, prices and decisions, outages and crashes."""

from hashlib import sha256

import pytest

from chain import query
from chain.cometbft.offences import sign_bytes
from chain.double_vote import chain_id_of
from chain.ed25519 import verify
from chain.status import Status
from tests.aggregator.area import NETWORK, NOW, ident, sign, signer
from tests.cloud.town import START, Town
from wire import block, cbor, cose, kind, merkle, message, strategy, topics, weight
from wire.errors import WireError


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path)
    made.submit(*made.everybody())
    made.block()
    made.submit(made.heater_contract())
    made.block()
    return made


def kinds(found: block.Block) -> list[int]:
    return [cose.open_envelope(transaction).kind for transaction in found.transactions]


def test_what_came_before_the_instant_is_in_the_block_in_canonical_order(tmp_path):
    first, other = Town(tmp_path / "a"), Town(tmp_path / "b")
    transactions = first.everybody()
    first.submit(*transactions)
    other.submit(*reversed(transactions))
    assert first.block()[0] == other.block()[0]
    assert first.blocks[0].statuses == (Status.APPLIED,) * len(transactions)
    assert first.block() == []


def test_what_arrives_in_the_very_instant_waits_for_the_next_block(town):
    transaction = town.light_block(NOW)
    town.submit(transaction)
    assert town.node.make_block(town.now_s) == []
    assert town.block()[0].transactions == (transaction,)


def test_a_published_block_is_signed_and_follows_the_one_before(town):
    signed = [town.ledger.signed(height) for height in range(1, town.ledger.height + 1)]
    previous = bytes(32)
    cloud = signer("cloud")
    for height, data in enumerate(signed, start=1):
        _, found = message.open_as(
            block.KIND, block.LAYOUT, data, {cloud.identity: cloud.public_key}.get, NETWORK, verify, block.SIZE_MAX
        )
        assert (found.height, found.previous_hash) == (height, previous)
        assert found.transactions_root == merkle.root(found.transactions)
        previous = sha256(data).digest()


def test_light_block_to_price_to_decision_in_one_block(town):
    (opening,) = town.open_interval(START)
    assert kinds(opening) == [kind.PRICE]  # the ledger's time begins with this interval
    town.live_through(START)
    (market,) = town.open_interval(START + 1)
    assert kinds(market) == [kind.ADVANCE, kind.SETTLEMENT, kind.PRICE]
    assert set(market.statuses) == {Status.APPLIED}
    assert market.interval == START + 1
    (decision,) = market.decisions
    assert (decision.contract_id, decision.interval) == (1, START + 1)
    assert query.unsettled(town.ledger.state) == []
    assert town.node.refused == {}


def test_a_light_block_that_waits_at_the_opening_is_counted_first(town):
    town.open_interval(START)
    town.now_s = NOW + 1800 + 59.5
    town.submit(town.light_block(NOW), town.light_block(NOW + 900))
    late, market = town.open_interval(START + 1)
    assert kinds(late) == [kind.LIGHT_BLOCK] * 2
    assert kinds(market) == [kind.ADVANCE, kind.SETTLEMENT, kind.PRICE]
    assert set(market.statuses) == {Status.APPLIED}


def test_prices_stay_right_over_a_day_with_every_kind_of_supply(town):
    for interval in range(START, START + 48):
        town.open_interval(interval)
        town.live_through(interval)
    assert town.node.refused == {}
    posted = [query.posted(town.ledger.state, interval) for interval in range(START, START + 48)]
    assert None not in posted
    assert len({item.price_micro_per_kwh for item in posted}) > 1


def test_a_late_light_block_has_its_interval_settled_once_more(town):
    town.open_interval(START)
    town.live_through(START)
    town.open_interval(START + 1)
    town.submit(town.light_block(NOW, part=1))
    town.block()
    (market,) = town.open_interval(START + 2)
    assert kinds(market) == [kind.ADVANCE, kind.SETTLEMENT, kind.PRICE]


def test_after_an_outage_time_catches_up_and_everything_closed_is_settled(town):
    town.open_interval(START)
    town.live_through(START)
    town.live_through(START + 1)
    town.crash()
    (market,) = town.open_interval(START + 40)
    assert kinds(market) == [kind.ADVANCE, kind.SETTLEMENT, kind.SETTLEMENT, kind.PRICE]
    assert set(market.statuses) == {Status.APPLIED}
    assert town.ledger.interval == START + 40


def test_an_interval_is_opened_once(town):
    assert len(town.open_interval(START)) == 1
    assert town.open_interval(START) == []
    town.crash()
    assert town.open_interval(START) == []
    assert town.open_interval(START - 1) == []


def test_before_the_operator_registers_it_the_cloud_sends_nothing(tmp_path):
    assert Town(tmp_path).open_interval(START + 1) == []


def test_a_crash_between_commit_and_signature_is_made_good(town, monkeypatch):
    def power_cut(*_):
        raise KeyboardInterrupt

    town.submit(town.light_block(NOW))
    with monkeypatch.context() as patch:
        patch.setattr(town.ledger, "store_signed", power_cut)
        with pytest.raises(KeyboardInterrupt):
            town.block()
    town.crash()
    data = town.ledger.signed(3)
    assert data is not None
    before = town.ledger.signed(2)
    found = message.decode(block.LAYOUT, cose.open_envelope(data).payload)
    assert (found.height, found.previous_hash) == (3, sha256(before).digest())
    town.submit(town.light_block(NOW + 900))
    assert town.block()[0].previous_hash == sha256(data).digest()


def test_a_light_node_gets_the_blocks_it_asks_for_and_the_last_when_there_is_none_later(town):
    for number in range(3):
        town.submit(town.light_block(NOW + 900 * number))
        town.block()

    def answer(height: int) -> list[int]:
        sent = town.node.answer_fetch(cbor.encode([height]))
        assert all(topic == topics.BLOCK for topic, _ in sent)
        return [message.decode(block.LAYOUT, cose.open_envelope(data).payload).height for _, data in sent]

    assert answer(1) == [1, 2, 3, 4, 5]
    assert answer(4) == [4, 5]
    assert answer(6) == [5]
    assert answer(900) == [5]


@pytest.mark.parametrize(
    "question", [b"", b"\x80", cbor.encode([0]), cbor.encode([b"1"]), cbor.encode([1, 2]), b"\x81\xf4"]
)
def test_a_malformed_question_is_refused(town, question):
    with pytest.raises(WireError):
        town.node.answer_fetch(question)


def test_an_empty_ledger_has_no_answer(tmp_path):
    assert Town(tmp_path).node.answer_fetch(cbor.encode([1])) == []


def test_what_is_no_transaction_is_dropped_and_counted(town):
    mempool = town.node.mempool
    contract = town.heater_contract(2)
    before = town.ledger.block(1).transactions[0]
    results = town.submit(
        b"", b"rubbish", bytes(600_000), town.node.strategy(NOW, 1, 1).payload, contract, contract, before
    )
    assert results == [False, False, False, False, True, False, False]
    assert mempool.counts == {"truncated": 1, "forbidden_type": 1, "too_large": 1, "wrong_kind": 1, "known": 2}


def test_the_mempool_is_bounded(town, monkeypatch):
    monkeypatch.setattr("cloud.mempool.TRANSACTIONS_MAX", 2)
    transactions = [town.light_block(NOW + 900 * number) for number in range(3)]
    assert town.submit(*transactions) == [True, True, False]
    assert town.node.mempool.counts == {"full": 1}
    town.block()
    assert town.submit(transactions[2]) == [True]


def test_a_strategy_says_how_often_to_report(town):
    sent = town.node.strategy(NOW, 300, 50_000)
    found = message.decode(strategy.LAYOUT, cose.open_envelope(sent.payload).payload)
    assert (sent.topic, found) == (topics.STRATEGY, (NOW, 300, 50_000))


def test_a_validator_that_votes_twice_is_accused_in_the_next_interval(town, monkeypatch):
    """By the full node, with its own key: CometBFT notices (tests/cometbft), the ledger takes its power."""
    key = signer("validator")
    weight_of = (town.nonce("operator"), key.public_key, ident("organisation"), 10)
    town.submit(sign("operator", kind.WEIGHT, weight.LAYOUT, weight_of))
    town.block()
    parts = {"total": 1, "hash": "cc" * 32}
    votes = []
    for name in ("aa", "bb"):
        vote = {"type": 2, "height": 7, "round": 0, "block_id": {"hash": name * 32, "parts": parts}}
        content = sign_bytes(vote | {"timestamp": "2026-11-20T16:00:00Z"}, chain_id_of(NETWORK))
        votes += [content, key.sign(content)]
    offences = [(key.public_key, *votes)]
    monkeypatch.setattr(town.ledger, "offences", lambda: offences)
    *_, accusation = town.open_interval(START)
    assert kinds(accusation) == [kind.DOUBLE_VOTE] and accusation.statuses == (Status.APPLIED,)
    assert key.public_key in town.ledger.state.excluded
    offences.clear()
    assert [kinds(block) for block in town.open_interval(START + 1)] == [[kind.ADVANCE, kind.PRICE]]
