"""Whose energy went to whom: by hand, and conserved whatever comes."""

from collections import defaultdict
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.audit import conservation
from chain.genesis import PRICING
from chain.query import wallet
from chain.state import GRID_ID, Flow, State
from tests.chain.world import START, World, window
from wire.contract import SUPPLY
from wire.energy_type import GRID, SOLAR, STORAGE
from wire.registration import MLMD

FLOOR = [pricing.floor_micro_per_kwh for pricing in PRICING]


def settled(world: World, interval: int = START) -> list[Flow]:
    if world.state.interval <= interval:
        world.must(world.advance(interval + 1))
    world.must(world.settlement(interval))
    assert not any(conservation(world.state).values())
    return list(world.state.settled.get(interval.to_bytes(4, "big")).flows)


def named(world: World, flows: list[Flow]) -> set[tuple[str, str, int, int]]:
    return {
        (world.name_of(flow.producer_id), world.name_of(flow.consumer_id), flow.energy_type, flow.energy_wh)
        for flow in flows
    }


def test_own_energy_first_then_the_neighbours_then_the_grid():
    world = World().people({"m1": GRID, "m2": SOLAR, "m3": GRID})
    entries = {
        "m1": {"consumed_wh": 500},
        "m2": {"consumed_wh": 100, "produced_wh": 400},
        "m3": {"consumed_wh": 100, "discharged_wh": 250},
    }
    world.must(world.light_block("area", window(START), entries))
    flows = settled(world)
    assert named(world, flows) == {
        ("m2", "m2", SOLAR, 100),
        ("m2", "m1", SOLAR, 300),
        ("m3", "m3", STORAGE, 100),
        ("m3", "m1", STORAGE, 150),
        ("grid", "m1", GRID, 50),
    }
    own = [flow for flow in flows if flow.producer_id == flow.consumer_id]
    assert all(flow.money_micro == 0 for flow in own)
    assert wallet(world.state, world.id("user-m2")) == (300 * FLOOR[SOLAR] // 1000, 0, 300)
    assert wallet(world.state, GRID_ID) == (50 * FLOOR[GRID] // 1000, 0, 50)


def test_less_than_is_asked_for_is_shared_by_need_and_surplus_goes_to_the_grid_at_the_floor():
    world = World().people({"m1": GRID, "m2": SOLAR, "m3": GRID})
    world.must(
        world.light_block(
            "area", window(START), {"m1": {"consumed_wh": 200}, "m2": {"produced_wh": 90}, "m3": {"consumed_wh": 100}}
        )
    )
    assert named(world, settled(world)) == {
        ("m2", "m1", SOLAR, 60),
        ("m2", "m3", SOLAR, 30),
        ("grid", "m1", GRID, 140),
        ("grid", "m3", GRID, 70),
    }
    world.must(world.light_block("area", window(START + 1), {"m1": {"consumed_wh": 10}, "m2": {"produced_wh": 90}}))
    flows = settled(world, START + 1)
    assert named(world, flows) == {("m2", "m1", SOLAR, 10), ("m2", "grid", SOLAR, 80)}
    surplus = next(flow for flow in flows if flow.consumer_id == GRID_ID)
    assert surplus.price_micro_per_kwh == FLOOR[SOLAR]


def test_two_meters_of_one_owner_share_their_own():
    world = World().people({"m1": GRID, "m2": SOLAR})
    world.must(world.registration("m1b", "meter", "user-m1", "area", SOLAR))
    entries = {"m1": {"consumed_wh": 70}, "m1b": {"produced_wh": 50}, "m2": {"produced_wh": 500}}
    world.must(world.light_block("area", window(START), entries))
    flows = settled(world)
    assert ("m1b", "m1", SOLAR, 50) in named(world, flows) and ("m2", "m1", SOLAR, 20) in named(world, flows)
    assert wallet(world.state, world.id("user-m1")).bought_wh == 20


def test_preferences_and_price_limit_of_a_supply_contract():
    world = World().people({"m1": GRID, "m2": SOLAR, "m3": GRID, "m4": GRID, "m5": GRID})
    contracts = [
        ("user-m1", 1, "m1", 10**6, (GRID,)),  # the grid only
        ("user-m3", 2, "m3", 10**6, (STORAGE, SOLAR)),
        ("user-m4", 3, "m4", FLOOR[SOLAR] - 1, (SOLAR, STORAGE)),  # the limit is below any price: only the grid is left
    ]
    for user, number, meter, limit, preferred in contracts:
        world.must(world.contract(user, number, SUPPLY, meter, (limit,), preferred))
    entries = {
        "m1": {"consumed_wh": 100},
        "m2": {"produced_wh": 500},
        "m3": {"consumed_wh": 100},
        "m4": {"consumed_wh": 100},
        "m5": {"consumed_wh": 100, "discharged_wh": 160},
    }
    world.must(world.light_block("area", window(START), entries))
    assert named(world, settled(world)) == {
        ("grid", "m1", GRID, 100),
        ("m5", "m5", STORAGE, 100),
        ("m5", "m3", STORAGE, 60),
        ("m2", "m3", SOLAR, 40),
        ("grid", "m4", GRID, 100),
        ("m2", "grid", SOLAR, 460),
    }


def test_late_readings_settle_the_interval_as_if_they_had_been_there():
    late, early = World().people(), World().people()
    first, second = {"m1": {"consumed_wh": 300}}, {"m2": {"produced_wh": 200}}
    for world in (late, early):
        world.must(world.light_block("area", window(START), first))
    early.must(early.light_block("area", window(START), second))
    settled(early)
    settled(late)
    late.must(late.light_block("area", window(START), second))
    assert settled(late) == list(early.state.settled.get(START.to_bytes(4, "big")).flows)
    assert [*late.state.wallets.items()] == [*early.state.wallets.items()]


def test_an_interval_has_its_own_prices_else_the_latest_before_it():
    world = World().people()
    prices = world.price()
    world.must(prices)
    world.must(world.light_block("area", window(START + 1), {"m1": {"consumed_wh": 1000}}))
    flows = settled(world, START + 1)  # nobody posted a price for START + 1
    posted = world.state.prices.get(START.to_bytes(4, "big")).price_micro_per_kwh
    assert flows[0].price_micro_per_kwh == posted[GRID] == flows[0].money_micro


AMOUNTS = ("consumed_wh", "produced_wh", "charged_wh", "discharged_wh")
books = st.lists(
    st.tuples(*[st.sampled_from((0, 1, 7, 333, 2500)) | st.integers(0, 10**6)] * 4), min_size=5, max_size=5
)
preferences = st.lists(st.permutations([0, 1, 2]).map(lambda p: p[:2]), min_size=5, max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(books, books, preferences, st.integers(0, 10**6))
def test_energy_and_money_are_conserved_and_arrival_does_not_matter(rows, late_rows, preferred, seed):
    meters = {f"m{i}": i % 3 for i in range(5)}
    outcomes = []
    for shuffle in (False, True):
        world = World().people(meters)
        for number, meter in enumerate(meters):
            terms = (FLOOR[SOLAR] + 1000 * number,)
            world.must(world.contract(f"user-{meter}", number + 1, SUPPLY, meter, terms, preferred[number]))
        parts = [{meter: dict(zip(AMOUNTS, row, strict=True))} for meter, row in zip(meters, rows, strict=True)]
        if shuffle:
            Random(seed).shuffle(parts)
        for part in parts:
            world.must(world.light_block("area", window(START, shuffle), part))
        settled(world)
        entries = {meter: dict(zip(AMOUNTS, row, strict=True)) for meter, row in zip(meters, late_rows, strict=True)}
        world.must(world.light_block("area", window(START), entries))
        outcomes.append((settled(world), [*world.state.wallets.items()]))
        _check_against_books(world.state)
    assert outcomes[0] == outcomes[1]


def _check_against_books(state: State) -> None:
    """Flows against books and wallets, summed here once more."""
    flows = state.settled.get(START.to_bytes(4, "big")).flows
    into, out = defaultdict(int), defaultdict(int)
    for flow in flows:
        assert flow.energy_wh > 0
        into[flow.consumer_id] += flow.energy_wh
        out[flow.producer_id] += flow.energy_wh
    for key, book in state.books.items():
        if state.subjects.get(key[4:]).role == MLMD:
            continue  # what it measures is settled as its meters'
        assert into[key[4:]] == book.consumed_wh + book.charged_wh
        assert out[key[4:]] == book.produced_wh + book.discharged_wh
    assert sum(one.balance_micro for _, one in state.wallets.items()) == 0
    assert sum(one.bought_wh for _, one in state.wallets.items()) == sum(
        one.sold_wh for _, one in state.wallets.items()
    )
