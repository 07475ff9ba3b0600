"""
The benefit of control: the same neighbourhood, day and seed once with it and once without, by the plant's own truth.

Both days are valued by one method and at the same prices, those the ledger posted on the controlled day
(hil/plant/benefit.py). Energy that batteries and tanks hold more or less at the end of the day than at its beginning is
stated beside it, so that a day cannot look good by borrowing from the next.
"""

from typing import Any

from hil.evidence import Evidence
from hil.plant.benefit import benefit as of_quarters
from wire.interval import INTERVAL_S, interval_of

WATCHED = ("peak_kw", "cost", "self_consumption_pct")
MORE_IS_BETTER = ("self_consumption_pct",)


def benefit(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """{"baseline": {...}, "controlled": {...}}, each with peak_kw, cost, self_consumption_pct and stored_kwh_change."""
    return {"baseline": _figures(evidence, evidence.baseline), "controlled": _figures(evidence, evidence.plant)}


def better_in(figures: dict[str, dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Names of the figures control made better, and of those it made worse."""
    gains = {}
    for name in WATCHED:
        change = figures["controlled"][name] - figures["baseline"][name]
        gains[name] = change if name in MORE_IS_BETTER else -change
    return [name for name, gain in gains.items() if gain > 0], [name for name, gain in gains.items() if gain < 0]


def means(series: list[float], step_s: int, length_s: int) -> list[float]:
    """Means over `length_s` of a series with one value every `step_s`."""
    count = length_s // step_s
    return [sum(series[at : at + count]) / count for at in range(0, len(series) - count + 1, count)]


def _figures(evidence: Evidence, run: dict[str, Any]) -> dict[str, Any]:
    quarters = run["quarters"]
    figures = of_quarters(quarters, _prices(evidence, quarters["start_s"]))
    return {**figures, "stored_kwh_change": round(run["stored_wh_change"] / 1000, 3)}


def _prices(evidence: Evidence, quarters_s: list[int]) -> dict[int, list[int]]:
    """Prices by interval; one in which none was posted has those of the one before (the first: those of the next)."""
    posted = {
        book["interval"]: book["price_micro_per_kwh"]
        for book in evidence.ledger["intervals"]
        if book["price_micro_per_kwh"]
    }
    prices: dict[int, list[int]] = {}
    latest = posted[min(posted)] if posted else [0] * len(evidence.ledger["energy_types"])
    for start_s in range(quarters_s[0], quarters_s[-1] + 1, INTERVAL_S) if quarters_s else ():
        interval = interval_of(start_s)
        latest = prices[interval] = posted.get(interval, latest)
    return prices
