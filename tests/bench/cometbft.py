"""
P4: what our application costs behind CometBFT. Four validators on this machine run CometBFT's own kvstore, then the
same four with the same settings run ours, with transactions of the same size, handed in at all four in the same way.

Measured twice: as fast as they can, from the first transaction handed in to the last committed; and at a steady
rate. Ours verifies each signature on each node, applies it and keeps it; the kvstore does none of this and runs inside
CometBFT. Where eight processes share two cores, the first figure is the price of that work, and nothing hides it.

    python -m tests.bench.cometbft      prints both rates of every round
"""

import base64
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chain.cometbft.home import loopback_places, make_homes
from chain.cometbft.network import Network
from chain.cometbft.rpc import Rpc
from tests.chain.world import World
from tests.cometbft.nodes import genesis_text

TARGET = 0.9
NODES, DEVICES, BATCH = 4, 40, 200
STEADY_PER_S, PACE_S = 400, 0.1
POLL_S = 0.02


class Run(NamedTuple):
    """Transactions per second, over how many blocks, and the middle and the 99th of 100 times from hand to block."""

    rate: float
    blocks: int
    p50_s: float
    p99_s: float


def people() -> World:
    """Devices that may sign receipts: one kind of transaction, one signature each, no order among them."""
    world = World()
    world.must(world.registration("cloud", "cloud"))
    world.must(world.registration("area", "aggregator", area="area"))
    for number in range(DEVICES):
        world.must(world.registration(f"mlmd-{number}", "mlmd", area="area"))
    return world


def our_transactions(world: World, count: int) -> list[bytes]:
    return [world.receipt(f"mlmd-{at % DEVICES}", 1000 + at // DEVICES) for at in range(count)]


def pairs(count: int, size: int) -> list[bytes]:
    """The kvstore's transactions: key=value."""
    return [f"{at:08d}=".encode().ljust(size, b"v") for at in range(count)]


def run(network: Network, transactions: Sequence[bytes], per_s: float = 0) -> Run:
    """Hand all of them in, a share at each node, at a rate (0: as fast as they can), until the last is in a block."""
    rpc = Rpc(network.nodes[0].place.rpc_address)
    height, count = rpc.height(), len(network.nodes)
    shares = [transactions[number::count] for number in range(count)]
    handed: dict[bytes, float] = {}
    start = time.perf_counter()
    hands = [
        threading.Thread(target=_hand_in, args=(node.place.rpc_address, share, per_s / count, handed))
        for node, share in zip(network.nodes, shares, strict=True)
    ]
    for hand in hands:
        hand.start()
    took: list[float] = []
    blocks = 0
    while len(took) < len(transactions):
        network.check()
        while height < rpc.height():
            height += 1
            found = rpc.call("block", height=str(height))["block"]["data"]["txs"] or ()
            now = time.perf_counter()
            took += [now - handed[base64.b64decode(one)] for one in found]
            blocks += bool(found)
        time.sleep(POLL_S)
    seconds = time.perf_counter() - start
    for hand in hands:
        hand.join()
    rpc.close()
    took.sort()
    return Run(len(transactions) / seconds, blocks, took[len(took) // 2], took[len(took) * 99 // 100])


def _hand_in(address: str, transactions: Sequence[bytes], per_s: float, handed: dict[bytes, float]) -> None:
    rpc = Rpc(address)
    start, size = time.perf_counter(), max(1, int(per_s * PACE_S)) if per_s else BATCH
    for at in range(0, len(transactions), size):
        if per_s:
            time.sleep(max(0.0, start + at / per_s - time.perf_counter()))
        part = transactions[at : at + size]
        handed.update(dict.fromkeys(part, time.perf_counter()))
        for answer in rpc.batch([("broadcast_tx_async", {"tx": base64.b64encode(one).decode()}) for one in part]):
            assert not isinstance(answer, Exception), answer
    rpc.close()


def measure(count: int, steady: int, application: str = "") -> tuple[Run, Run]:
    """As fast as they can, and steadily; with ours, or with an application that is built into CometBFT."""
    world = people()
    ours = our_transactions(world, count + steady)
    size = sum(map(len, ours)) // len(ours)
    transactions = pairs(count + steady, size) if application else ours
    directory = Path(tempfile.mkdtemp(prefix="p4-"))
    try:
        places = loopback_places(NODES, directory)
        if application:
            places = [place._replace(application=application) for place in places]
        nodes = make_homes(directory / "nodes", genesis_text(world.genesis), places)
        with Network(nodes) as network:
            network.start()
            network.wait_for_height(1)
            run(network, [pair + b"w" for pair in pairs(50, size)] if application else world.log)
            return run(network, transactions[:count]), run(network, transactions[count:], STEADY_PER_S)
    finally:
        shutil.rmtree(directory)


def compare(count: int, steady: int) -> tuple[list[Run], list[Run]]:
    """(the kvstore's, ours)"""
    return list(measure(count, steady, "kvstore")), list(measure(count, steady))


def figures(rounds: int = 3, count: int = 6000, steady: int = 3200) -> dict[str, dict[str, float]]:
    """P4 by name: our rate to the kvstore's (the middle one of some rounds) and what is promised."""
    found = [compare(count, steady) for _ in range(rounds)]
    names = ("P4 four CometBFT nodes, as fast as they can", f"P4 four CometBFT nodes, at {STEADY_PER_S} a second")
    ratios = [sorted(ours[at].rate / kvstore[at].rate for kvstore, ours in found) for at in range(len(names))]
    return {
        name: {"value": round(some[rounds // 2], 2), "target": TARGET} for name, some in zip(names, ratios, strict=True)
    }


def main() -> None:
    for _ in range(3):
        kvstore, ours = compare(6000, 3200)
        for theirs, mine in zip(kvstore, ours, strict=True):
            for name, one in (("kvstore", theirs), ("ours", mine)):
                print(f"{name:8} {one.rate:6.0f} tx/s in {one.blocks:2} blocks, ", end="")
                print(f"to its block {one.p50_s * 1000:.0f} ms, 99 % in {one.p99_s * 1000:.0f} ms")
            print(f"         ratio {mine.rate / theirs.rate:.2f}", flush=True)


if __name__ == "__main__":
    main()
