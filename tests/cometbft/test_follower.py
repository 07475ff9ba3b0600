"""A follower and one node that is slow, down, forgetful or wrong: each block comes once, and nothing is made up."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chain.cometbft.errors import Diverged, NodeDown, NotReached, RpcError
from chain.cometbft.follower import FollowingLedger, marker
from chain.embedded import EmbeddedLedger
from chain.errors import LedgerError
from chain.status import Status
from tests.chain.world import World
from tests.cometbft.node import Node


class Chain:
    """A node's RPC over one application. waits: what happens at each wait of the follower's, then `decide` for ever."""

    def __init__(self, directory: Path, world: World) -> None:
        self.node = Node(directory / "node", world.genesis)
        self.blocks: list[tuple[tuple[bytes, ...], bytes]] = []
        self.mempool: list[bytes] = []
        self.is_down = False
        self.waits: list[Any] = []
        self.handed = 0

    def decide(self, transactions: Sequence[bytes] | None = None) -> None:
        if self.is_down:
            return
        block = self.node.propose(self.mempool if transactions is None else transactions)
        if block:
            self.blocks.append((block, self.node.decide(block).app_hash))
            self.blocks.append(((), self.node.decide([]).app_hash))
        self.mempool = [one for one in self.mempool if one not in block]

    def wait(self, _: float) -> None:
        (self.waits.pop(0) if self.waits else self.decide)()

    # As chain/cometbft/rpc.py

    def give(self, transactions: Sequence[bytes]) -> None:
        if self.is_down:
            raise NodeDown("nobody listens")
        self.handed += len(transactions)
        self.mempool += [one for one in transactions if one not in self.mempool]

    def batch(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Any]:
        if self.is_down:
            raise NodeDown("nobody listens")
        height = int(calls[0][1]["height"])
        if height > len(self.blocks):
            return [RpcError("height must be less")] * 2
        transactions, app_hash = self.blocks[height - 1]
        told = [base64.b64encode(one).decode() for one in transactions]
        block = {"data": {"txs": told}, "evidence": {"evidence": []}}
        return [{"block": block}, {"app_hash": base64.b64encode(app_hash).decode()}]

    def close(self) -> None:
        pass


@pytest.fixture
def world() -> World:
    return World().people()


@pytest.fixture
def chain(tmp_path, world) -> Chain:
    return Chain(tmp_path, world)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "followed.sqlite"


def follow(path: Path, world: World, chain: Chain, patience_s: float = 60.0) -> FollowingLedger:
    return FollowingLedger.follow(path, world.genesis, chain, chain.wait, patience_s)


def test_a_submission_over_two_blocks_is_one_here(world, chain, path):
    ledger = follow(path, world, chain)
    chain.waits = [lambda: chain.decide(world.log[:3])]
    (block,) = ledger.submit(world.log)
    assert block.transactions == tuple(world.log) and set(block.statuses) == {Status.APPLIED}
    assert (ledger.height, ledger.app_hash) == (1, world.state.app_hash) == (1, chain.node.app_hash)
    assert ledger.submit([]) == [] and ledger.refused == {}


def test_what_the_door_refuses_is_told_and_not_awaited(world, chain, path):
    ledger = follow(path, world, chain)
    ledger.submit(world.log)
    assert ledger.submit([world.log[0], b"none"]) == []
    assert ledger.refused == {world.log[0]: Status.NONCE_STALE, b"none": Status.MALFORMED}
    assert chain.handed == len(world.log)


def test_it_waits_for_a_node_that_is_down(world, chain, path):
    ledger = follow(path, world, chain)
    chain.is_down = True
    chain.waits = [*[lambda: None] * 5, lambda: setattr(chain, "is_down", False)]
    assert [block.height for block in ledger.submit(world.log)] == [1]
    assert chain.waits == []


def test_what_the_node_forgot_is_handed_in_again(world, chain, path):
    ledger = follow(path, world, chain)
    chain.waits = [chain.mempool.clear, *[lambda: setattr(chain, "mempool", [])] * 499]
    assert [block.height for block in ledger.submit(world.log)] == [1]
    assert chain.handed == 2 * len(world.log)


def test_out_of_patience_it_says_so_and_each_block_still_comes_once(world, chain, path):
    ledger = follow(path, world, chain, patience_s=0.05)
    chain.waits = [lambda: chain.decide(world.log[:3]), *[lambda: None] * 5]
    with pytest.raises(NotReached, match="4 transactions are in no block, after 0 s"):
        ledger.submit(world.log)
    assert ledger.height == 1, "what there is, it has"
    chain.waits = []
    blocks = ledger.submit(world.log)
    assert [one for block in blocks for one in block.transactions] == world.log
    assert ledger.catch_up() == []


def test_others_blocks_come_too(world, chain, path):
    ledger = follow(path, world, chain)
    chain.decide(world.log[:4])
    assert [block.transactions for block in ledger.catch_up()] == [tuple(world.log[:4])]
    chain.decide(world.log[4:6])
    theirs, ours = ledger.submit(world.log[6:])
    assert (theirs.transactions, ours.transactions) == (tuple(world.log[4:6]), tuple(world.log[6:]))


def test_another_app_hash_stops_it(world, chain, path):
    ledger = follow(path, world, chain)
    chain.decide(world.log)
    chain.blocks[0] = (chain.blocks[0][0], bytes(32))
    chain.blocks[1] = ((), bytes(32))
    with pytest.raises(Diverged):
        ledger.catch_up()


def test_it_goes_on_where_it_was(world, chain, path):
    ledger = follow(path, world, chain)
    ledger.submit(world.log)
    ledger.close()
    again = follow(path, world, chain)
    assert (again.height, again.followed, again.app_hash) == (1, 2, world.state.app_hash)
    again.close()


def test_a_ledger_of_the_other_engine_is_refused(world, chain, path):
    ledger = EmbeddedLedger.open(path, world.genesis)
    ledger.commit(world.log)
    ledger.close()
    assert not marker(path).exists()
    with pytest.raises(LedgerError, match="was not made by following validators"):
        follow(path, world, chain)
    EmbeddedLedger.open(path, world.genesis).close()
