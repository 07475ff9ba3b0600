"""
The thermostat a water heater has where there is no Gridtide: set to 60 degC with 5 K of
hysteresis, as most are. It looks as often as the firmware samples.
"""

from . import wiring
from .plant import Plant
from .site import METER

SAMPLE_S = 300
ON_AT_MC = 55_000
OFF_AT_MC = 60_000


def wants_heat(temperature_mc: int, heating: bool) -> bool:
    """Hysteresis: between the two temperatures it stays as it is."""
    return temperature_mc < (OFF_AT_MC if heating else ON_AT_MC)


def switch_heaters(plant: Plant, now_ms: int) -> None:
    """One look of every thermostat."""
    for site in plant.sites:
        if site.role != METER or not site.equipment["heater"]:
            continue
        temperature_mc = plant.adc_uv(site.name, wiring.TEMPERATURE_PIN, now_ms) * 1000 // wiring.UV_PER_C
        heating = bool(plant.pin(site.name, wiring.HEATER_PIN))
        on = wants_heat(temperature_mc, heating)
        plant.set_pin(site.name, wiring.HEATER_PIN, int(on), now_ms)
