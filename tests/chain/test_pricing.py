"""docs/price.md, as properties."""

from hypothesis import given
from hypothesis import strategies as st

from chain.genesis import PRICING, TypePricing
from chain.pricing import price_micro_per_kwh, signal_micro_per_kwh

wh = st.integers(0, 10**9)
u32 = st.integers(0, 0xFFFFFFFF)
pricings = st.builds(
    lambda one, other, gain: TypePricing(min(one, other), max(one, other), gain), u32, u32, st.integers(0, 10**6)
)


@given(pricings, wh, wh, wh)
def test_more_supply_never_raises_a_price_more_demand_never_lowers_it(pricing, supply, demand, more):
    price = price_micro_per_kwh(pricing, supply, demand)
    assert pricing.floor_micro_per_kwh <= price <= pricing.cap_micro_per_kwh
    assert price_micro_per_kwh(pricing, supply + more, demand) <= price
    assert price_micro_per_kwh(pricing, supply, demand + more) >= price


@given(st.sampled_from(PRICING), st.integers(1000, 10**7))
def test_twice_the_supply_is_really_cheaper(pricing, demand):
    """The more of a type is generated, the lower its price (S1.8): not only never higher."""
    prices = [price_micro_per_kwh(pricing, supply, demand) for supply in (0, demand // 2, demand, 2 * demand)]
    assert prices == sorted(prices, reverse=True) and len(set(prices)) == len(prices)


def test_known_values():
    grid, solar, storage = PRICING
    table = [
        (grid, 50_000, 0, 180_004),  # the whole feeder free
        (grid, 25_000, 25_000, 300_002),
        (grid, 0, 50_000, 420_000),  # nothing free: the cap
        (solar, 0, 0, 180_000),  # none on offer: the cap
        (solar, 10_000, 10_000, 86_669),
        (storage, 5_000, 5_000, 190_008),
    ]
    assert [price_micro_per_kwh(pricing, supply, demand) for pricing, supply, demand, _ in table] == [
        expected for *_, expected in table
    ]


prices = st.lists(u32, min_size=3, max_size=3)
supplies = st.lists(wh, min_size=3, max_size=3)


@given(prices, supplies, wh)
def test_the_signal_lies_between_the_prices_it_mixes(prices, supply, demand):
    assert min(prices) <= signal_micro_per_kwh(prices, supply, demand) <= max(prices)


def test_the_signal_by_hand():
    prices = (300_000, 100_000, 200_000)
    table = [
        ((9_999, 0, 0), 0, 300_000),  # nothing asked for: the grid's
        ((9_999, 0, 0), 1000, 300_000),
        ((9_999, 500, 0), 1000, 200_000),  # half sun, half grid
        ((9_999, 2000, 0), 1000, 100_000),  # more sun than demand
        ((9_999, 500, 250), 1000, 175_000),
    ]
    for supply, demand, expected in table:
        assert signal_micro_per_kwh(prices, supply, demand) == expected
