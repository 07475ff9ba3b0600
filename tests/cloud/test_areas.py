"""
What light nodes are sent of each block: checked by the light node's own code, and compared with the whole blocks, which
a second reader divides by hand.
"""

import cbor2
import pytest

from aggregator.follow import Head, Next, Same, follow
from chain.ed25519 import verify
from chain.prove import decision
from tests.aggregator.area import NETWORK, ident, sign, signer
from tests.cloud.town import START, Town
from tests.phone import from_the_docs
from wire import area_block, cbor, contract, cose, kind, message, registration
from wire.errors import WireError

AREAS = ("aggregator", "aggregator-2")


@pytest.fixture
def town(tmp_path) -> Town:
    """Two areas: the second has one meter. A contract is opened in the first, and closed again."""
    town = Town(tmp_path / "town")
    town.submit(*town.everybody(), town.registration("aggregator-2", area="aggregator-2"))
    town.submit(town.registration("meter-9", "user-1", "aggregator-2"), town.heater_contract())
    town.block()
    town.open_interval(START)
    town.live_through(START)
    town.open_interval(START + 1)
    closed = (town.nonce("user-1"), 1)
    town.submit(sign("user-1", contract.CLOSE_KIND, contract.CLOSE_LAYOUT, closed))
    town.submit(town.registration("user-1"), b"rubbish")  # taken; and no transaction at all
    town.block()
    return town


def followed(parts: list[bytes]) -> list[Next]:
    cloud, head, found = signer("cloud"), Head(0, bytes(32)), []
    for data in parts:
        step = follow(data, head, cloud.identity, cloud.public_key, NETWORK, verify)
        assert isinstance(step, Next)
        head = step.head
        found.append(step)
    return found


def of(area: str, town: Town, height: int = 1) -> list[bytes]:
    question = message.encode(area_block.FETCH_LAYOUT, (ident(area), height))
    sent = town.node.answer_area_fetch(question)
    assert {one.topic for one in sent} <= {area_block.topic_of(ident(area))}
    return [one.payload for one in sent]


def is_of(area: str, transaction: bytes) -> bool:
    """By hand: who signed it, or whom it registers, or whose contract it is."""
    ours = {"aggregator": ("mlmd-1", "meter-1", "meter-2"), "aggregator-2": ("meter-9",)}[area]
    envelope = cose.open_envelope(transaction)
    if envelope.kind == kind.REGISTRATION:
        return message.decode(registration.LAYOUT, envelope.payload).area_id == ident(area)
    if envelope.kind in (kind.CONTRACT, kind.CLOSE_CONTRACT):
        return area == "aggregator"
    return envelope.signer_id in {ident(area), *map(ident, ours)}


@pytest.mark.parametrize("area", AREAS)
def test_each_area_gets_all_of_its_own_and_nothing_else(town, area):
    parts = followed(of(area, town))
    assert [one.block.height for one in parts] == list(range(1, town.ledger.height + 1))
    decided = 0
    for one, block in zip(parts, town.blocks, strict=True):
        mine = [(t, s) for t, s in zip(block.transactions, block.statuses, strict=True) if is_of(area, t)]
        assert list(zip(one.block.transactions, one.block.statuses, strict=True)) == mine
        assert one.block.interval == block.interval
        assert one.block.decisions == tuple(d for d in block.decisions if d.area_id == ident(area))
        decided += len(one.block.decisions)
    assert bool(decided) == (area == "aggregator")


def test_what_is_sent_at_once_is_what_is_fetched_later(town):
    sent = town.node.parts()
    for area in AREAS:
        at_once = [one.payload for one in sent if one.topic == area_block.topic_of(ident(area))]
        assert at_once == of(area, town) and len(at_once) == town.ledger.height
    assert town.node.parts() == []


def test_who_asks_beyond_the_end_gets_the_last_one_and_a_stranger_nothing(town):
    (last,) = of("aggregator", town, town.ledger.height + 5)
    cloud = signer("cloud")
    head = followed(of("aggregator", town))[-1].head
    assert follow(last, head, cloud.identity, cloud.public_key, NETWORK, verify) == Same()
    assert of("meter-1", town) == of("nobody", town) == []


def test_an_area_with_nothing_in_a_block_gets_little_more_than_its_header(town):
    sizes = [len(data) for data in of("aggregator-2", town)[1:]]
    whole = [len(town.ledger.signed(height)) for height in range(2, town.ledger.height + 1)]
    assert max(sizes) < 520 and sum(sizes) < sum(whole)


@pytest.mark.parametrize("question", [b"", b"\x80", cbor.encode([bytes(8)]), cbor.encode([bytes(7), 1])])
def test_a_question_that_is_none(town, question):
    with pytest.raises(WireError):
        town.node.answer_area_fetch(question)


@pytest.mark.parametrize("area", AREAS)
def test_a_checker_written_from_the_docs_agrees(town, area):
    cloud = signer("cloud")
    for data, step in zip(of(area, town), followed(of(area, town)), strict=True):
        header, shown, decided = from_the_docs.area_block(data, cloud.public_key, NETWORK)
        assert header["height"] == step.block.height
        assert shown == [list(one) for one in zip(step.block.transactions, step.block.statuses, strict=True)]
        assert decided == [list(one) for one in step.block.decisions]
        with pytest.raises(AssertionError):
            from_the_docs.area_block(with_other_status(data), cloud.public_key, NETWORK)


def with_other_status(data: bytes) -> bytes:
    part = message.decode(area_block.LAYOUT, data)
    if part.transactions:
        bent = part.transactions[-1]._replace(status=part.transactions[-1].status + 1)
        return message.encode(area_block.LAYOUT, part._replace(transactions=(*part.transactions[:-1], bent)))
    return message.encode(area_block.LAYOUT, part._replace(beside_outcomes=(bytes(32),)))


def test_a_decision_checked_from_the_docs(town):
    block = next(one for one in town.blocks if one.decisions)
    made = cbor2.loads(decision(block.decisions, 0, town.ledger.header(block.height)))
    header = from_the_docs.header(made[0], signer("cloud").public_key, NETWORK)
    assert from_the_docs.decision(made, header["decisions_root"]) == list(block.decisions[0])
