"""Supply contracts: what they may ask for, how rounds are run, and that an interval keeps the version it had."""

import pytest

from chain.contracts.agreed import in_force
from chain.contracts.supply import SupplyTerms, are_terms_sound, supply_of
from chain.state import Flow
from chain.version import FOR_EVER
from tests.chain.story import TERMS, check
from tests.chain.world import START, World, window
from wire.contract import DEFERRABLE, SUPPLY
from wire.energy_type import GRID, SOLAR, STORAGE

NO_LIMIT = 0xFFFFFFFF

AMENDED = """
    contract user-m1 1 supply m1 prefer=1,0          APPLIED
    contract user-m1 1 supply m1 prefer=0            APPLIED                 # amended
    contract user-m1 1 deferrable m1                 CONTRACT_ID_TAKEN       # of another kind: no amendment
    contract user-m2 1 supply m2                     CONTRACT_ID_TAKEN       # of somebody else
    contract user-m2 1 supply m1                     CONTRACT_ID_TAKEN
    contract user-m1 1 supply m1 0=-1                TERMS_INVALID           # the version before stays
    contract user-m1 2 supply m1                     DEVICE_HAS_CONTRACT
    advance +1                                       APPLIED
    contract user-m1 1 supply m1 prefer=2            APPLIED
    price +1                                         APPLIED
    contract user-m1 1 supply m1 prefer=1            APPLIED                 # after the price: from the next on
    advance +4                                       APPLIED
    close user-m1 1                                  APPLIED
    contract user-m1 1 supply m1                     CONTRACT_ID_TAKEN       # closed for ever
    advance +6                                       APPLIED
    contract user-m1 2 supply m1 prefer=0,1          APPLIED
"""


def test_every_interval_keeps_the_version_it_had():
    world = check(World().people(), AMENDED)
    meter = world.id("m1")
    said = [in_force(world.state, meter, SUPPLY, START + after) for after in range(8)]
    assert [None if one is None else one.energy_types for one in said] == [
        (0,),
        (2,),
        (1,),
        (1,),
        None,
        None,
        (0, 1),
        (0, 1),
    ]
    assert in_force(world.state, meter, SUPPLY, START - 1) is None
    assert in_force(world.state, meter, DEFERRABLE, START) is None
    rows = [
        (key.hex()[7::8], one.since_interval - START, one.until_interval) for key, one in world.state.versions.items()
    ]
    assert rows == [
        ("11", 0, START),
        ("12", 0, START + 1),
        ("13", 1, START + 2),
        ("14", 2, START + 4),
        ("21", 6, FOR_EVER),
    ]


def flows(world: World, interval: int = START) -> set[tuple[str, str, int, int]]:
    if world.state.interval <= interval:
        world.must(world.advance(interval + 1))
    world.must(world.settlement(interval))
    settled: tuple[Flow, ...] = world.state.settled.get(interval.to_bytes(4, "big")).flows
    return {(world.name_of(f.producer_id), world.name_of(f.consumer_id), f.energy_type, f.energy_wh) for f in settled}


def test_an_old_interval_is_settled_again_by_the_contract_of_then():
    world = World().people()
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", (10**6,), (GRID,)))
    world.must(world.light_block("area", window(START), {"m1": {"consumed_wh": 100}, "m2": {"produced_wh": 100}}))
    assert flows(world) == {("grid", "m1", GRID, 100), ("m2", "grid", SOLAR, 100)}
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", (10**6,), (SOLAR,)))
    world.must(world.light_block("area", window(START), {"m1": {"consumed_wh": 10}}))
    assert flows(world) == {("grid", "m1", GRID, 110), ("m2", "grid", SOLAR, 100)}
    world.must(world.light_block("area", window(START + 1), {"m1": {"consumed_wh": 10}, "m2": {"produced_wh": 10}}))
    assert flows(world, START + 1) == {("m2", "m1", SOLAR, 10)}


def terms(world: World, plant: str | None = None, **some: int) -> tuple[int, ...]:
    named = world.id(plant) if plant else bytes(8)
    halves = {"plant_id_high": int.from_bytes(named[:4], "big"), "plant_id_low": int.from_bytes(named[4:], "big")}
    return tuple(SupplyTerms(**{"price_micro_per_kwh_max": NO_LIMIT, **halves, **some}))


def two_areas() -> World:
    """m1, m2 (PV), m3 (a battery) in one area; f1, f2 (PV) in another."""
    world = World().people({"m1": GRID, "m2": SOLAR, "m3": GRID})
    world.must(world.registration("far", "aggregator", area="far"))
    for meter, number in (("f1", GRID), ("f2", SOLAR)):
        world.must(world.registration(f"user-{meter}", "user"))
        world.must(world.registration(meter, "meter", f"user-{meter}", "far", number))
    world.must(
        world.light_block(
            "area",
            window(START),
            {"m1": {"consumed_wh": 100}, "m2": {"produced_wh": 60}, "m3": {"discharged_wh": 70}},
        )
    )
    world.must(world.light_block("far", window(START), {"f1": {"consumed_wh": 50}, "f2": {"produced_wh": 80}}))
    return world


def test_of_one_type_the_own_area_comes_before_others():
    assert flows(two_areas()) == {
        ("m2", "m1", SOLAR, 60),
        ("f2", "f1", SOLAR, 50),
        ("f2", "m1", SOLAR, 30),
        ("m3", "m1", STORAGE, 10),
        ("m3", "grid", STORAGE, 60),
    }


def test_neighbours_first_takes_every_type_from_the_own_area_before_any_from_elsewhere():
    world = two_areas()
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", terms(world, is_neighbours_first=1), (SOLAR, STORAGE)))
    assert {flow for flow in flows(world) if flow[1] == "m1"} == {("m2", "m1", SOLAR, 60), ("m3", "m1", STORAGE, 40)}


def test_a_particular_plant_serves_who_names_it_first():
    world = two_areas()
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", terms(world, "f2"), (SOLAR,)))
    assert flows(world) == {
        ("f2", "m1", SOLAR, 80),
        ("m2", "m1", SOLAR, 20),
        ("m2", "f1", SOLAR, 40),
        ("m3", "f1", STORAGE, 10),
        ("m3", "grid", STORAGE, 60),
    }


def test_an_area_named_as_a_plant_is_none():
    world = two_areas()
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", terms(world, "area"), (SOLAR,)))
    assert ("m2", "m1", SOLAR, 60) in flows(world)


@pytest.mark.parametrize(
    ("limits", "taken"),
    [
        ({}, {SOLAR, STORAGE}),
        ({"solar_price_micro_per_kwh_max": 0}, {STORAGE, GRID}),
        ({"storage_price_micro_per_kwh_max": 0}, {SOLAR, GRID}),
        ({"price_micro_per_kwh_max": 0}, {GRID}),
    ],
)
def test_price_limits_by_type(limits, taken):
    world = World().people({"m1": GRID, "m2": SOLAR, "m3": GRID})
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", terms(world, **limits), (SOLAR, STORAGE)))
    entries = {"m1": {"consumed_wh": 100}, "m2": {"produced_wh": 60}, "m3": {"discharged_wh": 70}}
    world.must(world.light_block("area", window(START), entries))
    assert {flow[2] for flow in flows(world) if flow[1] == "m1"} == taken


def test_a_dear_grid_comes_last():
    world = World().people({"m1": GRID, "m2": SOLAR})
    limit = terms(world, grid_price_micro_per_kwh_max=1)
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", limit, (GRID, SOLAR)))
    entries = {"m1": {"consumed_wh": 100}, "m2": {"produced_wh": 60}}
    world.must(world.light_block("area", window(START), entries))
    assert flows(world) == {("m2", "m1", SOLAR, 60), ("grid", "m1", GRID, 40)}


def test_who_takes_no_part_in_demand_response_is_sent_nothing():
    for is_demand_response in (1, 0):
        world = World().people()
        world.must(world.contract("user-m1", 1, DEFERRABLE, "m1", TERMS[DEFERRABLE]))
        world.must(world.contract("user-m1", 2, SUPPLY, "m1", terms(world, is_demand_response=is_demand_response)))
        assert len(world.apply(world.price()).decisions) == is_demand_response


def test_terms_left_out_have_their_defaults():
    world = World().people()
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", (7,), (SOLAR,)))
    assert supply_of(world.state, world.id("m1"), START) == ((SOLAR,), (NO_LIMIT, 7, 7), False, bytes(8))


@pytest.mark.parametrize(
    ("numbers", "is_sound"),
    [
        ((), False),
        ((1,), True),
        ((1, 2, 3, 4, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0), True),
        ((1, 2, 3, 4, 2), False),  # a switch is 0 or 1
        ((1, 2, 3, 4, 1, 1 << 32), False),  # half an id
        ((1, 2, 3, 4, 1, 0, 0, 2), False),
        ((1, -2), False),
        ((1,) * 9, False),
    ],
)
def test_sound_terms(numbers, is_sound):
    assert are_terms_sound(numbers) is is_sound
