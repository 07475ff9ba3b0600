"""
The same day and seed without Gridtide: every water heater on its own thermostat, every
battery idle at 0 W. What control is worth is measured against this.
"""

from .benefit import Prices, benefit
from .plant import Plant, build
from .thermostat import SAMPLE_S, switch_heaters


def baseline(
    scenario: object,
    seed: int,
    meters: int,
    mlmds: int,
    start_s: int,
    duration_s: int,
    prices: Prices | None = None,
) -> dict:
    """Series, quarter-hour energies, energy left in the stores, and the benefit's figures."""
    plant = build(scenario, seed, meters, mlmds, start_s, duration_s)
    stored_wh = plant.stored_wh()
    for utc_s in range(start_s, start_s + duration_s, SAMPLE_S):
        plant.advance(utc_s * 1000)
        switch_heaters(plant, utc_s * 1000)
    plant.advance((start_s + duration_s) * 1000)
    return outcome(plant, stored_wh, prices)


def outcome(plant: Plant, stored_wh_before: float, prices: Prices | None) -> dict:
    """What a run of the plant came to by the end of the time that was played."""
    series, quarters = plant.series(), plant.quarters()
    stored_wh = series["stored_wh"][-1] if series["stored_wh"] else stored_wh_before
    return {
        "series": series,
        "quarters": quarters,
        "stored_wh_change": round(stored_wh - stored_wh_before, 1),
        **benefit(quarters, prices),
    }
