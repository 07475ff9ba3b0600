"""
The benefit of control: the same neighbourhood, day and seed once with it and once without, by the plant's own truth.

Both days are valued at the prices the ledger posted on the controlled one: what the feeder takes in costs the grid's
price of that interval, what it gives out earns what the grid pays for surplus. Energy that a battery or a tank holds
more or less at the end of the day than at its beginning is stated beside it, so that a day cannot look good by
borrowing from the next.
"""

from collections.abc import Sequence
from typing import Any

from hil.evidence import GRID_ID, Evidence
from wire import energy_type
from wire.interval import INTERVAL_S, WINDOW_S, interval_of

_MICRO = 1_000_000


def benefit(evidence: Evidence) -> dict[str, dict[str, float]]:
    """{"baseline": {...}, "controlled": {...}}, each with the figures of `_figures`."""
    prices = _prices(evidence)
    return {
        "baseline": _figures(evidence.baseline, *prices),
        "controlled": _figures(evidence.plant, *prices),
    }


def better_in(figures: dict[str, dict[str, float]]) -> tuple[list[str], list[str]]:
    """Names of the figures control made better, and of those it made worse."""
    baseline, controlled = figures["baseline"], figures["controlled"]
    gain = {
        "peak_kw": baseline["peak_kw"] - controlled["peak_kw"],
        "cost": baseline["cost"] - controlled["cost"],
        "self_consumption_pct": controlled["self_consumption_pct"] - baseline["self_consumption_pct"],
    }
    return [name for name, by in gain.items() if by > 0], [name for name, by in gain.items() if by < 0]


def means(series: Sequence[float], step_s: int, length_s: int) -> list[float]:
    """Means over `length_s` of a series with one value every `step_s`."""
    count = length_s // step_s
    return [sum(series[at : at + count]) / count for at in range(0, len(series) - count + 1, count)]


def _figures(plant: dict[str, Any], import_price: dict[int, int], export_price: int) -> dict[str, float]:
    step_s, start_s = plant["step_s"], plant["start_s"]
    hours = step_s / 3600
    imported = exported = cost = 0.0
    for index, power_w in enumerate(plant["feeder_w"]):
        interval = interval_of(start_s + index * step_s)
        energy_kwh = power_w * hours / 1000
        imported += max(0.0, energy_kwh)
        exported += max(0.0, -energy_kwh)
        price = import_price[interval] if energy_kwh > 0 else export_price
        cost += energy_kwh * price / _MICRO
    produced = sum(plant["pv_w"]) * hours / 1000
    return {
        "peak_kw": round(max(means(plant["feeder_w"], step_s, WINDOW_S)) / 1000, 3),
        "cost": round(cost, 4),
        "self_consumption_pct": round(100 * (1 - exported / produced), 2) if produced else 100.0,
        "import_kwh": round(imported, 3),
        "export_kwh": round(exported, 3),
        "produced_kwh": round(produced, 3),
    }


def _prices(evidence: Evidence) -> tuple[dict[int, int], int]:
    """Grid price by interval, and what the grid pays for a kWh of surplus, as the ledger's flows have it."""
    posted = {book["interval"]: book["price_micro_per_kwh"] for book in evidence.ledger["intervals"]}
    known = {interval: prices[energy_type.GRID] for interval, prices in posted.items() if prices}
    mean = sum(known.values()) // max(1, len(known))
    first = interval_of(evidence.plant["start_s"])
    count = len(evidence.plant["feeder_w"]) * evidence.plant["step_s"] // INTERVAL_S + 1
    surplus = [
        flow["price_micro_per_kwh"]
        for book in evidence.ledger["intervals"]
        for flow in book["flows"]
        if flow["consumer"] == GRID_ID
    ]
    by_interval = {interval: known.get(interval, mean) for interval in range(first, first + count)}
    return by_interval, min(surplus, default=0)
