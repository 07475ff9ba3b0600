"""
Random kills of four validators under load: kill -9 of an application, of a CometBFT, or of both, one node at a time
or two at once, while clients hand in at every node and again elsewhere when theirs is gone.

    python -m tests.cometbft.kills [KILLS]      prints what was lost (nothing), and how soon each node was back
"""

import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from chain.cometbft.errors import CometBftError, RpcError
from chain.cometbft.home import Node
from chain.cometbft.network import Network
from chain.cometbft.rpc import Call, Rpc
from tests.chain.world import World
from tests.cometbft.nodes import homes, running
from tests.kills import Outcome, judge

CLIENTS, WAITING = 3, 20
PARTS = ("application", "CometBFT", "both")
PATIENCE_S = 60.0


class Client(threading.Thread):
    """
    A device's aggregator: always some receipts under way, handed in again and again, each time at another node, until a
    node says that it has them.
    """

    def __init__(self, network: Network, world: World, name: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[bytes] = []
        self.is_over = threading.Event()
        self._chance = random.Random(name)
        self._nodes, self._world, self._name = network.nodes, world, name
        self._made = 0
        self._waiting: dict[bytes, bytes] = {}  # by their key in the state

    def run(self) -> None:
        while self._waiting or not self.is_over.is_set():
            while len(self._waiting) < WAITING and not self.is_over.is_set():
                self._made += 1
                key = self._world.id(self._name) + self._made.to_bytes(4, "big")
                self._waiting[key] = self._world.receipt(self._name, self._made)
            rpc = Rpc(self._chance.choice(self._nodes).place.rpc_address, timeout_s=15.0)
            try:
                self._ask(rpc)
            except CometBftError:
                time.sleep(0.02)  # it is down, or went down before it answered
            finally:
                rpc.close()

    def _ask(self, rpc: Rpc) -> None:
        rpc.hand_in(self._waiting.values())
        keys = list(self._waiting)
        asked: list[Call] = [("abci_query", {"path": "receipts", "data": key.hex()}) for key in keys]
        for key, answer in zip(keys, rpc.batch(asked), strict=True):
            if isinstance(answer, RpcError):
                raise answer
            if not answer["response"]["code"]:
                self.acknowledged.append(self._waiting.pop(key))


def kill(network: Network, node: Node, part: str) -> None:
    for name, processes in (("application", network.applications), ("CometBFT", network.cometbfts)):
        if part in (name, "both"):
            processes[node.number].kill()


def play(kills: int, directory: Path, seed: int = 1) -> Outcome:
    """On one network in `directory`, from the first kill to the last node's being back."""
    chance, world = random.Random(f"kills {seed}"), World().people()
    done: Counter[str] = Counter()
    back_s: list[float] = []
    with homes(directory, world.genesis, 4) as nodes, running(nodes) as network:
        rpc = Rpc(nodes[0].place.rpc_address)
        rpc.hand_in(world.log)
        network.wait(lambda: not rpc.query("subject", world.id("mlmd"))["code"], "the people")
        rpc.close()
        names = ("mlmd", "m1", "m2")[:CLIENTS]
        clients = [Client(network, world, name) for name in names]
        for client in clients:
            client.start()
        while done.total() < kills:
            time.sleep(chance.uniform(0.0, 1.0))
            victims = chance.sample(nodes, chance.choice((1, 1, 1, 2)))
            for node in victims:
                part = chance.choice(PARTS)
                kill(network, node, part)
                done[part] += 1
            back_s += _come_back(network, len(victims))
        for client in clients:
            client.is_over.set()
        for client in clients:
            client.join(PATIENCE_S)
            assert not client.is_alive(), "a client waits for what does not come"
        heights = [_height(node) for node in nodes]
        network.wait(lambda: len({_height(node) for node in nodes}) == 1, f"one height, {heights}")
        network.stop()
        acknowledged = {receipt for client in clients for receipt in client.acknowledged}
        verdict = judge([node.ledger for node in nodes], world.genesis, acknowledged)
        return Outcome(done, len(acknowledged), sorted(back_s), verdict)


def _come_back(network: Network, expected: int) -> list[float]:
    """How long each takes until it answers with a block that was made after its restart, or all that were before."""
    network.wait(lambda: len(network.killed()) == expected, "their end")
    start = time.monotonic()
    revived = network.revive()
    took = []
    highest = max(_height(node) for node in network.nodes)
    for number in revived:
        node = network.nodes[number]
        network.wait(lambda: _height(node) >= highest, f"node {number} at height {highest}", PATIENCE_S)  # noqa: B023
        took.append(time.monotonic() - start)
    return took


def _height(node: Node) -> int:
    rpc = Rpc(node.place.rpc_address)
    try:
        return rpc.height()
    except CometBftError:
        return -1
    finally:
        rpc.close()


def main(arguments: list[str]) -> int:
    directory = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        outcome = play(int(arguments[0]) if arguments else 200, directory)
    finally:
        shutil.rmtree(directory)
    print(outcome)
    for fault in outcome.verdict.faults:
        print(fault)
    return 0 if outcome.verdict.is_sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
