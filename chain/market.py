"""
What the ledger knows of supply, demand and prices: sums over its own books, interval by interval. Prices and
contracts go by these figures and by nothing else.
"""

from typing import NamedTuple

from chain.pricing import price_micro_per_kwh, signal_micro_per_kwh
from chain.state import Book, Number, Posted, State, u32
from wire.energy_type import GRID, NAMES, STORAGE
from wire.registration import AGGREGATOR, METER

HISTORY = 48  # intervals looked back at: one day
NOTHING = Book(0, 0, 0, 0)


class SupplyAndDemand(NamedTuple):
    """One interval. supply_wh: by energy type, GRID's being what the feeder could have carried more."""

    supply_wh: tuple[int, ...]
    demand_wh: int  # consumption and charging
    net_import_wh: int  # into the feeder; negative when it exported


def has_readings(state: State, interval: int) -> bool:
    key = u32(interval)
    return key in state.unsettled or key in state.settled


def latest_interval(state: State, now: int | None = None) -> int | None:
    """The latest interval with readings before the open one (or before `now`), at most a day back."""
    end = state.interval if now is None else now
    for interval in range(end - 1, max(0, end - HISTORY) - 1, -1):
        if has_readings(state, interval):
            return interval
    return None


def supply_and_demand(state: State, interval: int) -> SupplyAndDemand:
    """The sums of an interval's books; all zero (and the whole feeder free) for one without readings."""
    supply_wh = [0] * len(NAMES)
    demand_wh = unnamed_wh = 0
    key = u32(interval)
    for meter_id, subject in state.subjects.rows():
        if subject.role != METER:
            continue
        book: Book = state.books.get(key + meter_id, NOTHING)
        demand_wh += book.consumed_wh + book.charged_wh
        supply_wh[STORAGE] += book.discharged_wh
        if subject.energy_type == GRID:
            unnamed_wh += book.produced_wh
        else:
            supply_wh[subject.energy_type] += book.produced_wh
    net_import_wh = max(demand_wh - sum(supply_wh) - unnamed_wh, _at_junctions_wh(state, interval))
    supply_wh[GRID] = max(0, state.genesis.feeder_wh_max - net_import_wh)
    return SupplyAndDemand(tuple(supply_wh), demand_wh, net_import_wh)


def _at_junctions_wh(state: State, interval: int) -> int:
    """
    Net import as the M-LMDs measured it. The larger of this and the meters' own sum counts: what one of the two did
    not see is never taken for headroom.
    """
    areas = [subject_id for subject_id, subject in state.subjects.rows() if subject.role == AGGREGATOR]
    return sum(state.area_wh.get(u32(interval) + area_id, Number(0)).number for area_id in areas)


def latest(state: State, now: int | None = None) -> SupplyAndDemand:
    """Supply and demand that the prices of the open interval (or of `now`) go by."""
    interval = latest_interval(state, now)
    if interval is None:
        return SupplyAndDemand((state.genesis.feeder_wh_max,) + (0,) * (len(NAMES) - 1), 0, 0)
    return supply_and_demand(state, interval)


def prices_due(state: State, now: int | None = None) -> tuple[int, ...]:
    """
    The prices of the open interval by energy type, the only ones the ledger takes; or what they will be once `now` is
    open, if no light block comes between: Advance and Settlement do not change them.
    """
    market = latest(state, now)
    return tuple(
        price_micro_per_kwh(pricing, supply_wh, max(0, market.net_import_wh) if number == GRID else market.demand_wh)
        for number, (pricing, supply_wh) in enumerate(zip(state.genesis.pricing, market.supply_wh, strict=True))
    )


def signal_due(state: State, prices: tuple[int, ...]) -> int:
    market = latest(state)
    return signal_micro_per_kwh(prices, market.supply_wh, market.demand_wh)


def posted_before(state: State, interval: int) -> list[Posted]:
    """The prices posted in the day up to and with `interval`, oldest first."""
    posts = [state.prices.get(u32(number)) for number in range(max(0, interval - HISTORY + 1), interval + 1)]
    return [post for post in posts if post is not None]


def price_of(state: State, interval: int) -> tuple[int, ...]:
    """The prices an interval is settled at: its own, else the latest of the day before it, else every type's floor."""
    posts = posted_before(state, interval)
    if posts:
        return posts[-1].price_micro_per_kwh
    return tuple(pricing.floor_micro_per_kwh for pricing in state.genesis.pricing)
