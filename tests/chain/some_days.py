"""
A log with everything in it: contracts, readings early and late, prices, decisions, receipts, settlements, refusals.

    python -m tests.chain.some_days      prints its app hash: the same under every PYTHONHASHSEED
"""

from random import Random

from chain.query import unsettled
from tests.chain.story import TERMS
from tests.chain.world import START, World, window
from wire.contract import BATTERY, DEFERRABLE, SUPPLY
from wire.energy_type import GRID, SOLAR, STORAGE
from wire.reading import HAS_BATTERY, HAS_HEATER

METERS = {"m1": GRID, "m2": SOLAR, "m3": SOLAR, "m4": GRID}


def play(seed: int = 1, intervals: int = 30, **settings: int) -> World:
    random = Random(f"some days {seed}")
    world = World(**settings).people(METERS)
    for number, (meter, kind, preferred) in enumerate(
        (
            ("m1", DEFERRABLE, ()),
            ("m2", BATTERY, ()),
            ("m2", SUPPLY, (STORAGE, SOLAR)),
            ("m4", DEFERRABLE, ()),
            ("m4", SUPPLY, (SOLAR,)),
        ),
        start=1,
    ):
        world.must(world.contract(f"user-{meter}", number, kind, meter, TERMS[kind], preferred))
    late: list[int] = []
    for interval in range(START, START + intervals):
        _hour(world, random, interval, late)
    return world


def _hour(world: World, random: Random, interval: int, late: list[int]) -> None:
    result = world.apply(world.price())
    for decision in result.decisions:
        if random.random() < 0.8:
            name = world.name_of(decision.device_id)
            world.must(world.receipt(name, decision.decision_id, decision.decision_id, value=decision.value))
    world.apply(world.price(), world.settlement(interval))  # refused both
    for half in (0, 1):
        if random.random() < 0.8:
            world.must(world.light_block("area", window(interval, half), _entries(random, METERS)))
        else:
            late.append(window(interval, half))
    if late and random.random() < 0.3:
        some = random.sample(sorted(METERS), 2)
        world.must(world.light_block("area", late.pop(random.randrange(len(late))), _entries(random, some)))
    world.must(world.advance(interval + 1))
    for due in unsettled(world.state):
        world.must(world.settlement(due))


def _entries(random: Random, meters) -> dict[str, dict[str, int]]:
    return {
        meter: {
            "consumed_wh": random.randrange(800),
            "produced_wh": random.randrange(1500) if METERS[meter] == SOLAR else 0,
            "charged_wh": random.randrange(200) if meter == "m2" else 0,
            "discharged_wh": random.randrange(200) if meter == "m2" else 0,
            "temperature_mc": random.randrange(40_000, 70_000),
            "soc_permille": random.randrange(1001),
            "flags": HAS_HEATER | HAS_BATTERY,
        }
        for meter in meters
    }


if __name__ == "__main__":
    world = play()
    print(world.state.app_hash.hex(), len(world.log), len(world.decisions))
