"""
What a kWh of each energy type costs: a pure integer formula. docs/price.md has it with the proof that a price falls
(never rises) with supply, rises (never falls) with demand, and stays between its floor and its cap.
"""

from collections.abc import Sequence

from chain.genesis import TypePricing
from wire.energy_type import GRID


def price_micro_per_kwh(pricing: TypePricing, supply_wh: int, demand_wh: int) -> int:
    """The price of one type, from what of it was on offer and what was asked for of all types."""
    assert supply_wh >= 0 and demand_wh >= 0
    span = pricing.cap_micro_per_kwh - pricing.floor_micro_per_kwh
    scarce = (demand_wh + 1) * 1000
    return pricing.floor_micro_per_kwh + span * scarce // (scarce + pricing.gain_permille * supply_wh)


def signal_micro_per_kwh(prices: Sequence[int], supply_wh: Sequence[int], demand_wh: int) -> int:
    """
    What the demand pays on average per kWh: local types for as much as they supply, the grid for the rest. With more
    local supply than demand it is the mix of the local types.
    """
    local_wh = sum(supply_wh) - supply_wh[GRID]
    worth = sum(price * wh for price, wh in zip(prices, supply_wh, strict=True)) - prices[GRID] * supply_wh[GRID]
    grid_wh = max(0, demand_wh - local_wh)
    if local_wh + grid_wh == 0:
        return prices[GRID]
    return (worth + prices[GRID] * grid_wh) // (local_wh + grid_wh)
