"""Where a kWh came from: by hand, through batteries, and when readings come late."""

from hypothesis import given
from hypothesis import strategies as st

from chain.audit import conservation
from chain.genesis import Genesis
from chain.lot import UNKNOWN, Lot, Origin, Stock, total_wh
from chain.origins import deal, draw, gathered, joined, part, without_last
from chain.provenance import HORIZON, lot_key
from tests.chain.world import START, World, window
from wire.contract import BATTERY
from wire.energy_type import GRID, SOLAR, STORAGE

METERS = {"home": GRID, "roof": SOLAR, "cellar": GRID}


def measured(world: World, interval: int, area_wh: int | None = None, **rows: dict[str, int]) -> None:
    entries = {meter: {f"{name}_wh": wh for name, wh in row.items()} for meter, row in rows.items()}
    changed = {} if area_wh is None else {"area_wh": area_wh}
    world.must(world.light_block("area", window(interval), entries, **changed))


def settled(world: World, *intervals: int) -> None:
    if world.state.interval <= max(intervals):
        world.must(world.advance(max(intervals) + 1))
    for interval in intervals:
        world.must(world.settlement(interval))
    assert not any(conservation(world.state).values())


def lot(world: World, interval: int, plant: str, energy_type: int) -> tuple[int, list[tuple[int, str, int, int]]]:
    """(Wh, [(intervals after START, plant, type, Wh)])."""
    found: Lot = world.state.lots.get(lot_key(interval, plant_id(world, plant), energy_type))
    return found.energy_wh, named(world, found.origins)


def plant_id(world: World, name: str) -> bytes:
    return bytes(8) if name == "grid" else world.id(name)


def named(world: World, origins: tuple[Origin, ...]) -> list[tuple[int, str, int, int]]:
    return [(row.interval - START, world.name_of(row.plant_id), row.energy_type, row.energy_wh) for row in origins]


def stock(world: World, device: str) -> tuple[list[tuple[int, str, int, int]], int]:
    found: Stock = world.state.stocks.get(world.id(device))
    return named(world, found.origins), found.lost_wh


def test_production_and_the_grid_are_lots():
    world = World().people(METERS)
    measured(world, START, home={"consumed": 500}, roof={"consumed": 50, "produced": 300})
    settled(world, START)
    assert lot(world, START, "roof", SOLAR) == (300, [])
    assert lot(world, START, "grid", GRID) == (250, [])
    assert len(world.state.lots) == 2 and len(world.state.stocks) == 0


def test_a_battery_gives_what_it_took_in_oldest_first_and_loses_a_tenth():
    world = World().people(METERS)
    measured(world, START, roof={"produced": 300}, cellar={"consumed": 100, "charged": 300})  # 300 solar, 100 grid
    measured(world, START + 1, cellar={"charged": 100})
    measured(world, START + 2, home={"consumed": 250}, cellar={"discharged": 250})
    settled(world, START, START + 1, START + 2)
    # Of 400 Wh taken in 300 went into the battery: 270 come out again, 3 of 4 solar.
    assert lot(world, START + 2, "cellar", STORAGE) == (
        250,
        [(0, "grid", GRID, 68), (0, "roof", SOLAR, 182)],
    ), "in the order of lots"
    assert stock(world, "cellar") == ([(0, "roof", SOLAR, 20), (1, "grid", GRID, 90)], 40)


def test_what_was_in_a_battery_before_is_unknown_and_stays_so_in_another():
    world = World().people(METERS)
    measured(world, START, cellar={"discharged": 100}, home={"charged": 100})
    measured(world, START + 1, home={"discharged": 90, "consumed": 10})
    settled(world, START, START + 1)
    assert lot(world, START, "cellar", STORAGE) == (100, [(0, "cellar", UNKNOWN, 100)])
    assert lot(world, START + 1, "home", STORAGE) == (90, [(0, "cellar", UNKNOWN, 90)])
    assert stock(world, "home") == ([], 10)


def test_a_battery_holds_no_more_than_its_contract_says():
    world = World().people(METERS)
    terms = (100, 3000, 3000, 100, 950, 900, 1100, 48, 0)
    world.must(world.contract("user-cellar", 1, BATTERY, "cellar", terms))
    measured(world, START, cellar={"charged": 100})
    measured(world, START + 1, roof={"produced": 100}, cellar={"charged": 100})
    settled(world, START, START + 1)
    assert stock(world, "cellar") == ([(0, "grid", GRID, 10), (1, "roof", SOLAR, 90)], 20 + 80)


def test_late_readings_in_any_order_leave_what_they_had_left_in_time():
    rows = [
        (0, {"roof": {"produced": 300}, "cellar": {"charged": 200}}),
        (1, {"cellar": {"discharged": 120}, "home": {"consumed": 60, "charged": 60}}),
        (2, {"cellar": {"charged": 70}, "home": {"discharged": 40}}),
        (3, {"cellar": {"discharged": 100}, "home": {"discharged": 10}}),
    ]
    outcomes = []
    for order in ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0)):
        world = World().people(METERS)
        world.must(world.advance(START + 4))
        for number in order:
            after, row = rows[number]
            measured(world, START + after, **row)
            settled(world, START + after)
        for after in range(4):  # and once more, with a reading that was missing
            measured(world, START + after, roof={"produced": 11, "consumed": 3})
            settled(world, START + after)
        tables = (world.state.lots, world.state.stocks, world.state.cycles, world.state.settled, world.state.wallets)
        outcomes.append([list(table.items()) for table in tables])
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_beyond_the_horizon_the_total_stays_right_and_the_difference_is_a_loss():
    world = World().people(METERS)
    measured(world, START, roof={"produced": 100}, cellar={"charged": 100})
    measured(world, START + 1, cellar={"discharged": 50}, home={"consumed": 50})
    settled(world, START, START + 1)
    world.must(world.advance(START + HORIZON + 2))
    measured(world, START, cellar={"charged": 30})
    measured(world, START + 1, cellar={"discharged": 5}, home={"discharged": 7})
    settled(world, START, START + 1)
    assert stock(world, "cellar") == ([(0, "roof", SOLAR, 40)], 10 + 30)
    assert lot(world, START + 1, "cellar", STORAGE) == (55, [(0, "roof", SOLAR, 50), (1, "cellar", UNKNOWN, 5)])
    assert lot(world, START + 1, "home", STORAGE) == (7, [(1, "home", UNKNOWN, 7)])


def test_losses_are_what_the_junction_saw_and_the_meters_did_not():
    world = World().people(METERS)
    area = world.id("area")
    measured(world, START, area_wh=205, home={"consumed": 200})
    measured(world, START + 1, area_wh=-101, roof={"produced": 100})
    settled(world, START, START + 1)
    assert [row.number for _, row in world.state.losses.items()] == [5, -1]
    assert world.state.loss_accounts.get(area).number == 4
    measured(world, START, area_wh=0, home={"consumed": 3})  # the meter's reading came after the junction's
    settled(world, START)
    assert world.state.loss_accounts.get(area).number == 1


def test_the_grids_mix_is_a_thousand_permille():
    assert sum(share for _, share in Genesis(bytes(8), bytes(32), 0).grid_mix) == 1000


rows = st.lists(
    st.builds(Origin, st.integers(0, 3), st.sampled_from([b"a" * 8, b"b" * 8]), st.integers(0, 2), st.integers(0, 99))
).map(joined)


@given(rows, rows, st.integers(0, 3000))
def test_the_arithmetic_of_origins_loses_nothing(before, last, wh):
    first, rest = draw(before, wh)
    assert joined((*first, *rest)) == before
    assert total_wh(first) == min(wh, total_wh(before))
    assert without_last(joined((*before, *last)), last) == before
    assert total_wh(gathered((*before, *last))) == total_wh(before) + total_wh(last)
    share = part(before, min(wh, total_wh(before)))
    assert total_wh(share) == min(wh, total_wh(before))
    assert all(one.energy_wh <= whole.energy_wh for one, whole in zip(share, before, strict=True))
    half = total_wh(before) // 2
    dealt = deal(before, {b"x": half, b"y": total_wh(before) - half})
    assert total_wh(dealt[b"x"]) == half and gathered((*dealt[b"x"], *dealt[b"y"])) == gathered(before)
