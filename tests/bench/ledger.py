"""
P3: what the ledger makes of a signed transaction beside the bare verification of its signature.

One pass: the smallest transactions there are (receipts, as signed by their devices) are put into order, decoded,
verified, applied, hashed into the app hash and committed to disk, a thousand to a block. The raw rate V is PyNaCl's,
over 200-byte messages, measured in turns with it.

    python -m tests.bench.ledger
"""

import resource
import tempfile
from pathlib import Path
from time import perf_counter

from chain.embedded import EmbeddedLedger
from tests.bench.intake import raw_rate
from tests.chain.world import World

TARGET = 0.6
METERS, BLOCK, BLOCKS, ROUNDS = 60, 1000, 5, 5


def receipts(world: World, first: int, count: int) -> list[bytes]:
    return [world.receipt(f"m{number % METERS}", first + number // METERS) for number in range(count)]


def ledger_rate(ledger: EmbeddedLedger, blocks: list[list[bytes]]) -> float:
    """Transactions per second, from bytes to disk."""
    start = perf_counter()
    for transactions in blocks:
        assert not any(ledger.commit(transactions).statuses), "every one is applied"
    return sum(map(len, blocks)) / (perf_counter() - start)


def figures() -> dict[str, dict[str, float]]:
    """P3 by name: the ratio to V and what is promised; the best of some rounds, as every other process only takes."""
    world = World().people({f"m{number}": 0 for number in range(METERS)})
    with tempfile.TemporaryDirectory() as directory:
        ledger = EmbeddedLedger.open(Path(directory) / "ledger.sqlite", world.genesis)
        for transaction in world.log:
            ledger.commit([transaction])
        ratios = []
        for turn in range(ROUNDS):
            blocks = [receipts(world, 1 + 100 * (BLOCKS * turn + number), BLOCK) for number in range(BLOCKS)]
            ratios.append(ledger_rate(ledger, blocks) / raw_rate())
        ledger.close()
    return {"P3 ledger": {"value": round(max(ratios), 2), "target": TARGET}}


if __name__ == "__main__":
    for name, figure in figures().items():
        print(f"{name}: {figure['value']} V (promised {figure['target']} V)")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
