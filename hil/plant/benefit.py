"""
What a day was worth, by one method for every run: peak, cost and self-consumption from
the quarter-hour energies of the households.

The neighbourhood is settled as a whole: in each quarter hour its households' energies
are added up, and what is left crosses the transformer. What they sell one another
moves money inside and cancels out. So cost = import x price of grid energy - export x
price of solar energy, at the prices of the market interval.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wire import energy_type, interval

from .household import Energy

Prices = Mapping[int, Sequence[int]]  # market interval -> micro per kWh by energy type


class Quarter(NamedTuple):
    """One quarter hour of the whole neighbourhood."""

    start_s: int
    import_wh: float
    export_wh: float
    produced_wh: float


def feeder_quarters(quarters: Mapping) -> list[Quarter]:
    """`quarters` as Plant.quarters gives it: start_s, and by household a list of Energy."""
    return [
        _feeder(start_s, [household[i] for household in quarters["households"].values()])
        for i, start_s in enumerate(quarters["start_s"])
    ]


def peak_kw(feeder: Sequence[Quarter]) -> float:
    """The largest quarter-hour mean of the import."""
    return max((quarter.import_wh * 4 / 1000 for quarter in feeder), default=0.0)


def self_consumption_pct(feeder: Sequence[Quarter]) -> float:
    """Share of the PV energy that stayed in the neighbourhood in the quarter hour it was made in. 100 without PV."""
    produced_wh = sum(quarter.produced_wh for quarter in feeder)
    left_wh = sum(min(quarter.export_wh, quarter.produced_wh) for quarter in feeder)
    return 100.0 * (1 - left_wh / produced_wh) if produced_wh else 100.0


def cost(feeder: Sequence[Quarter], prices: Prices) -> float:
    """What the neighbourhood pays for the time `feeder` covers, in whole units of money."""
    micro = 0.0
    for quarter in feeder:
        price = prices[interval.interval_of(quarter.start_s)]
        micro += quarter.import_wh * price[energy_type.GRID] / 1000
        micro -= quarter.export_wh * price[energy_type.SOLAR] / 1000
    return micro / 1e6


def benefit(quarters: Mapping, prices: Prices | None = None) -> dict:
    """The report's three figures; cost is None where no prices are given."""
    feeder = feeder_quarters(quarters)
    return {
        "peak_kw": round(peak_kw(feeder), 3),
        "cost": None if prices is None else round(cost(feeder, prices), 4),
        "self_consumption_pct": round(self_consumption_pct(feeder), 2),
    }


def _feeder(start_s: int, households: Sequence[Energy]) -> Quarter:
    consumed, produced, charged, discharged = (sum(column) for column in zip(*households, strict=True))
    net_wh = consumed - produced + charged - discharged
    return Quarter(start_s, max(0.0, net_wh), max(0.0, -net_wh), produced)
