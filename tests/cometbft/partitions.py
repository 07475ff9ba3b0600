"""
Partitions of four validators, 3-1 and 2-2, in network namespaces: who is fewer than two thirds commits nothing, no
height ever has two blocks, and after healing all are on one chain again.

    sudo python -m tests.cometbft.partitions [SECONDS]     prints heights and hashes before, during and after each
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from chain.cometbft.home import Node, make_homes
from chain.cometbft.network import Network
from chain.cometbft.rpc import Rpc
from chain.opened import open_transaction
from tests.chain.world import World
from tests.cometbft.namespaces import Lab, why_not
from tests.cometbft.nodes import genesis_text

QUIET_S = 4.0  # how long a side is watched to commit nothing: many rounds of its timeouts
HEALED_S = 30.0  # promise R5


class Seen(NamedTuple):
    """Each node's height, and its block's hash and app hash there."""

    height: int
    block_hash: str
    app_hash: str


class Outcome(NamedTuple):
    away: tuple[int, ...]
    before: list[Seen]
    during: list[Seen]
    after: list[Seen]
    healed_s: float  # until every node had what was handed in during the partition
    forks: int  # heights with two different blocks on two nodes


class Partitions:
    """A running network with its lab, and people who keep handing in transactions."""

    def __init__(self, lab: Lab, network: Network, world: World, quiet_s: float) -> None:
        self.lab, self.network, self.world = lab, network, world
        self.rpcs = [Rpc(node.place.rpc_address) for node in network.nodes]
        self.quiet_s = quiet_s
        self._receipts = 0

    def play(self, away: tuple[int, ...]) -> Outcome:
        """One partition and its healing."""
        majority = [number for number in range(4) if number not in away]
        can_commit = len(majority) > 2
        self._settle(self._hand_in(0))
        before = self.seen()
        self.lab.split(away)
        time.sleep(QUIET_S / 4)  # what was on its way arrives or is lost
        quiet = self._heights(away if can_commit else range(4))
        awaited = [self._hand_in(majority[0])]
        if can_commit:
            self._settle(awaited[0], majority)
        awaited.append(self._hand_in(away[0]))
        time.sleep(self.quiet_s)
        during = self.seen()
        assert quiet == self._heights(away if can_commit else range(4)), "fewer than two thirds made a block"
        self.lab.heal()
        start = time.monotonic()
        for transactions in awaited:
            self._settle(transactions)
        healed_s = time.monotonic() - start
        self._wait(lambda: len({seen.height for seen in self.seen()}) == 1, "one height")
        return Outcome(away, before, during, self.seen(), healed_s, self.forks())

    def seen(self) -> list[Seen]:
        found = []
        for rpc in self.rpcs:
            sync = rpc.call("status")["sync_info"]
            found.append(Seen(int(sync["latest_block_height"]), sync["latest_block_hash"], sync["latest_app_hash"]))
        return found

    def forks(self) -> int:
        """Heights at which two nodes have different blocks, of all there are."""
        lowest = min(self._heights(range(4)).values())
        return sum(len({_hash(rpc, height) for rpc in self.rpcs}) > 1 for height in range(1, lowest + 1))

    def _heights(self, numbers: Iterable[int]) -> dict[int, int]:
        return {number: self.rpcs[number].height() for number in numbers}

    def _hand_in(self, number: int) -> list[bytes]:
        """Five receipts, at one node."""
        self._receipts += 5
        receipts = [self.world.receipt("mlmd", at) for at in range(self._receipts - 4, self._receipts + 1)]
        assert not any(handed.code for handed in self.rpcs[number].hand_in(receipts))
        return receipts

    def _settle(self, transactions: Sequence[bytes], numbers: Iterable[int] = range(4)) -> None:
        """Until these nodes have them on the ledger."""
        keys = [self.world.id("mlmd") + _sequence(one) for one in transactions]
        for number in numbers:
            for key in keys:
                self._wait(lambda: not self.rpcs[number].query("receipts", key)["code"], f"node {number}")  # noqa: B023

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        self.network.wait(is_so, what, 2 * HEALED_S)


def _sequence(receipt: bytes) -> bytes:
    return open_transaction(receipt).content.command_sequence.to_bytes(4, "big")


def _hash(rpc: Rpc, height: int) -> str:
    return rpc.call("block", height=str(height))["block_id"]["hash"]


def play(partitions: Sequence[tuple[int, ...]], directory: Path, quiet_s: float = QUIET_S) -> list[Outcome]:
    """Each of the partitions in turn, by who is away, on one network in `directory`."""
    world = World()
    world.must(world.registration("cloud", "cloud"))
    world.must(world.registration("area", "aggregator", area="area"))
    world.must(world.registration("mlmd", "mlmd", area="area"))
    sockets = Path(tempfile.mkdtemp(prefix="gt-"))
    try:
        with Lab(4, sockets) as lab:
            nodes: list[Node] = make_homes(directory, genesis_text(world.genesis), lab.places())
            with Network(nodes, prefixes=lab.prefixes()) as network:
                network.start()
                network.wait_for_height(1)
                scene = Partitions(lab, network, world, quiet_s)
                scene.rpcs[0].hand_in(world.log)
                return [scene.play(away) for away in partitions]
    finally:
        shutil.rmtree(sockets)


def show(outcome: Outcome) -> None:
    print(f"nodes {', '.join(map(str, outcome.away))} cut off from the others")
    for name in ("before", "during", "after"):
        for number, seen in enumerate(getattr(outcome, name)):
            hashes = f"block {seen.block_hash[:12]}, app {seen.app_hash[:12]}"
            print(f"  {name:7} node {number}: height {seen.height}, {hashes}")
    print(f"  whole again {outcome.healed_s:.1f} s after healing (promised {HEALED_S:.0f}); forks: {outcome.forks}")


def main(arguments: Sequence[str]) -> int:
    quiet_s = float(arguments[0]) if arguments else QUIET_S
    reason = why_not()
    if reason:
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        for outcome in play([(3,), (2, 3)], Path(directory) / "nodes", quiet_s):
            show(outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
