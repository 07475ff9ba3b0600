"""Following headers and our part of blocks: the next, a gap, the same, and what is not to be believed."""

from hashlib import sha256

import pytest

from aggregator.follow import Gap, Head, Next, Same, follow
from aggregator.refusal import Refused
from chain.ed25519 import verify
from tests.aggregator.area import NETWORK, signer
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from wire import area_block, block, cbor, header, message
from wire.errors import WireError
from wire.merkle_part import Tree
from wire.schema import plain

CLOUD = signer("cloud")
START = Head(0, bytes(32))


def step(data: bytes, head: Head = START):
    return follow(data, head, CLOUD.identity, CLOUD.public_key, NETWORK, verify)


def head_of(blocks: ChainOfBlocks) -> Head:
    return Head(len(blocks.blocks), blocks.hash)


def test_blocks_are_followed_one_by_one():
    chain, head = ChainOfBlocks(), START
    for number in range(1, 4):
        found = step(chain.add(chain.registration(f"meter-{number}")), head)
        assert isinstance(found, Next) and found.block.height == number
        head = found.head
    assert head == head_of(chain)


def test_a_gap_says_from_where_to_fetch():
    chain = ChainOfBlocks()
    chain.add()
    first = head_of(chain)
    _, third = chain.add(), chain.add()
    assert step(third) == Gap(1)
    assert step(third, first) == Gap(2)


def test_the_last_block_again_means_there_is_no_later_one():
    chain = ChainOfBlocks()
    first, second = chain.add(), chain.add()
    assert step(second, head_of(chain)) == Same()
    assert step(first, head_of(chain)) is None


def test_a_block_of_another_key_is_no_block():
    for name in ("aggregator", "operator", "cloud-2"):
        with pytest.raises(WireError, match="unknown_signer"):
            step(ChainOfBlocks(name).add())


def test_a_changed_block_is_no_block():
    with pytest.raises(WireError, match="bad_signature"):
        step(with_header(lambda signed: signed[:-1] + b"\x00"))


def test_two_blocks_at_one_height_are_a_fork():
    ours, theirs = ChainOfBlocks(), ChainOfBlocks()
    ours.add()
    theirs.add(theirs.registration("meter-1"))
    with pytest.raises(Refused, match="fork"):
        step(theirs.blocks[0], head_of(ours))
    with pytest.raises(Refused, match="fork"):
        step(theirs.add(), head_of(ours))


def with_header(change) -> bytes:
    part = message.decode(area_block.LAYOUT, ChainOfBlocks().add())
    return message.encode(area_block.LAYOUT, part._replace(header=change(part.header)))


# ---- parts of blocks, as the full node makes them ----


NAMES = [f"meter-{number}" for number in range(1, 12)]


def whole(chain: ChainOfBlocks):
    """A block of eleven registrations and three decisions, all shown; and its trees."""
    decisions = tuple(block.Decision(one, 1, bytes(8), bytes(8), 1, 1, one, 0) for one in range(3))
    statuses = tuple(one % 4 for one in range(len(NAMES)))
    data = chain.add(*map(chain.registration, NAMES), statuses=statuses, decisions=decisions)
    part = message.decode(area_block.LAYOUT, data, area_block.SIZE_MAX)
    outcomes = [header.outcome_leaf(sha256(one.transaction).digest(), one.status) for one in part.transactions]
    trees = (
        Tree([one.transaction for one in part.transactions]),
        Tree(outcomes),
        Tree([cbor.encode(plain(one.decision)) for one in part.decisions]),
    )
    return part, trees


def shown(part, trees, mine: set[int], decided: set[int]):
    return part._replace(
        transactions=tuple(one for one in part.transactions if one.index in mine),
        beside_transactions=tuple(trees[0].others(mine)),
        beside_outcomes=tuple(trees[1].others(mine)),
        decisions=tuple(one for one in part.decisions if one.index in decided),
        beside_decisions=tuple(trees[2].others(decided)),
    )


def encoded(part) -> bytes:
    return message.encode(area_block.LAYOUT, part)


@pytest.mark.parametrize("mine", [(), (0,), (10,), (3, 4), (0, 5, 10), (7, 8, 9), tuple(range(11))])
@pytest.mark.parametrize("decided", [(), (2,), (0, 1, 2)])
def test_a_part_is_checked_against_the_header(mine, decided):
    part, trees = whole(ChainOfBlocks())
    found = step(encoded(shown(part, trees, set(mine), set(decided))))
    assert isinstance(found, Next)
    assert found.block.transactions == tuple(part.transactions[index].transaction for index in mine)
    assert found.block.statuses == tuple(index % 4 for index in mine)
    assert [one.decision_id for one in found.block.decisions] == list(decided)


def test_nothing_bent_passes():
    chain = ChainOfBlocks()
    part, trees = whole(chain)
    good = shown(part, trees, {2, 3, 9}, {1})
    first, decided = good.transactions[0], good.decisions[0]
    other = chain.registration("meter-99")
    forged = decided._replace(decision=decided.decision._replace(value=7))
    bent = [
        {"transactions": (first._replace(transaction=other), *good.transactions[1:])},
        {"transactions": (first._replace(status=(first.status + 1)), *good.transactions[1:])},
        {"transactions": (first._replace(index=1), *good.transactions[1:])},
        {"transactions": good.transactions[::-1]},
        {"transactions": (first, *good.transactions)},
        {"transactions": good.transactions[1:]},  # left out, its hashes not put in its place
        {"transactions": ()},
        {"transaction_count": 20},  # (of 12 the shape is the same, as far as these leaves go)
        {"transaction_count": 10},
        {"transaction_count": 0},
        {"beside_transactions": good.beside_transactions[1:]},
        {"beside_transactions": (*good.beside_transactions, bytes(32))},
        {"beside_transactions": good.beside_outcomes},
        {"beside_outcomes": good.beside_outcomes[::-1]},
        {"decisions": (forged,)},
        {"decisions": (decided, decided)},
        {"decisions": (decided._replace(index=2),)},
        {"decision_count": 9},
        {"beside_decisions": ()},
    ]
    assert isinstance(step(encoded(good)), Next)
    for fields in bent:
        with pytest.raises(Refused, match="wrong_block"):
            step(encoded(good._replace(**fields)))


def test_a_header_of_other_roots_is_refused():
    chain = ChainOfBlocks()
    for name in ("transactions_root", "outcomes_root", "decisions_root"):
        with pytest.raises(Refused, match="wrong_block"):
            step(ChainOfBlocks().add(chain.registration("meter-1"), **{name: bytes(32)}))
