"""Following blocks: the next one, a gap, the same one, and those that are not to be believed."""

from hashlib import sha256

import pytest

from aggregator.follow import Gap, Head, Next, Same, follow
from aggregator.refusal import Refused
from chain.ed25519 import verify
from tests.aggregator.area import NETWORK, signer
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from wire.errors import WireError

CLOUD = signer("cloud")
START = Head(0, bytes(32))


def step(data: bytes, head: Head = START):
    return follow(data, head, CLOUD.identity, CLOUD.public_key, NETWORK, verify)


def head_of(blocks: ChainOfBlocks) -> Head:
    return Head(len(blocks.blocks), sha256(blocks.blocks[-1]).digest())


def test_blocks_are_followed_one_by_one():
    chain, head = ChainOfBlocks(), START
    for number in range(1, 4):
        found = step(chain.add(chain.registration(f"meter-{number}")), head)
        assert isinstance(found, Next) and found.block.height == number
        head = found.head
    assert head == head_of(chain)


def test_a_gap_says_from_where_to_fetch():
    chain = ChainOfBlocks()
    first, _, third = chain.add(), chain.add(), chain.add()
    assert step(third) == Gap(1)
    assert step(third, Head(1, sha256(first).digest())) == Gap(2)


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
        step(ChainOfBlocks().add()[:-1] + b"\x00")


def test_two_blocks_at_one_height_are_a_fork():
    ours, theirs = ChainOfBlocks(), ChainOfBlocks()
    ours.add()
    theirs.add(theirs.registration("meter-1"))
    with pytest.raises(Refused, match="fork"):
        step(theirs.blocks[0], head_of(ours))
    with pytest.raises(Refused, match="fork"):
        step(theirs.add(), head_of(ours))


def test_a_block_that_contradicts_itself_is_refused():
    chain = ChainOfBlocks()
    for fields in ({"transactions_root": bytes(32)}, {"statuses": (0, 0)}):
        with pytest.raises(Refused, match="wrong_block"):
            step(ChainOfBlocks().add(chain.registration("meter-1"), **fields))
