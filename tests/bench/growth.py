"""
Growth: what a ledger holds in state and memory after ten thousand intervals (208 days), over what it held after a
thousand. A small neighbourhood lives through them all: readings, settlements, prices, decisions in each. Blocks go to
nowhere here: what is measured is what a node must hold to apply the next one.

    python -m tests.bench.growth
"""

import gc
import os
from pathlib import Path

from chain.query import unsettled
from chain.transition import apply_block
from tests.chain.story import TERMS
from tests.chain.world import START, World, window
from wire.contract import BATTERY, DEFERRABLE, SUPPLY
from wire.energy_type import GRID, SOLAR
from wire.reading import HAS_BATTERY, HAS_HEATER

METERS = {"m1": GRID, "m2": SOLAR, "m3": SOLAR, "m4": GRID}
FIRST, LAST = 1_000, 10_000
HISTORY = 96
TARGET = 1.05


def neighbourhood() -> World:
    world = World(history_intervals=HISTORY).people(METERS)
    for number, (meter, kind) in enumerate((("m1", DEFERRABLE), ("m2", BATTERY), ("m4", SUPPLY)), start=1):
        world.must(world.contract(f"user-{meter}", number, kind, meter, TERMS[kind]))
    return world


def live(world: World, interval: int) -> None:
    """One interval, as the services drive it; nothing of it is kept but the state."""
    decisions = _apply(world, world.price()).decisions
    for decision in decisions:
        name = world.name_of(decision.device_id)
        _apply(world, world.receipt(name, decision.decision_id, decision.decision_id))
    for half in (0, 1):
        _apply(world, world.light_block("area", window(interval, half), _entries(interval)))
    _apply(world, world.advance(interval + 1))
    for due in unsettled(world.state):
        _apply(world, world.settlement(due))


def _apply(world: World, transaction: bytes):
    result = apply_block(world.state, [transaction])
    assert not any(result.statuses), result.statuses
    world.state.unsaved.clear()
    return result


def _entries(interval: int) -> dict[str, dict[str, int]]:
    return {
        meter: {
            "consumed_wh": 100 + (interval * 37 + number * 11) % 400,
            "produced_wh": (interval % 48) * 20 if METERS[meter] == SOLAR else 0,
            "temperature_mc": 45_000 + interval * 97 % 20_000,
            "soc_permille": interval * 13 % 1000,
            "flags": HAS_HEATER | HAS_BATTERY,
        }
        for number, meter in enumerate(METERS)
    }


def rows(world: World) -> int:
    return sum(map(len, world.state.tables))


def memory_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def figures(first: int = FIRST, last: int = LAST) -> dict[str, dict[str, float]]:
    """Rows of the state and resident memory after `last` intervals over those after `first`."""
    world = neighbourhood()
    measured = []
    for end in (first, last):
        for interval in range(world.state.interval, START + end):
            live(world, interval)
        measured.append((rows(world), memory_mb()))
    (rows_before, memory_before), (rows_after, memory_after) = measured
    return {
        f"growth: {rows_after} rows of state after {last} intervals, over {first}": {
            "value": round(rows_after / rows_before, 3),
            "at_most": TARGET,
        },
        f"growth: {memory_after:.0f} MB after {last} intervals, over {first}": {
            "value": round(memory_after / memory_before, 3),
            "at_most": TARGET,
        },
    }


if __name__ == "__main__":
    for name, figure in figures().items():
        print(f"{name}: {figure['value']} (promised at most {figure['at_most']})")
