"""
What the households agree to: the limits set in their devices, and the terms of their
contracts. Comfort belongs to the household, so both stand here and are checked against
one another; prices are shares of the day's mean, so they suit any tariff.
"""

from wire import contract, energy_type

from .battery import Battery
from .site import ContractTerms
from .water_heater import WaterHeater

TEMPERATURE_MC_MIN = 45_000
TEMPERATURE_MC_MAX = 70_000
DEADLINE_TEMPERATURE_MC = 52_000
HOURS_BEFORE_EVENING = 1.5
COMFORT_MARGIN_MC = 5_000  # the contract keeps this above the device's limit: a shower between two decisions
SOC_PERMILLE_MIN = 100
SOC_PERMILLE_MAX = 950
SWITCH_S_MIN = 900  # a relay rests this long after it moved, either way

_PRICE_MICRO_PER_KWH_MAX = 2_000_000
_NO_DEADLINE = 48
_PREFERENCES = (
    (energy_type.SOLAR, energy_type.STORAGE, energy_type.GRID),
    (energy_type.SOLAR, energy_type.GRID, energy_type.STORAGE),
    (energy_type.GRID, energy_type.SOLAR, energy_type.STORAGE),
)


def limits(heater: WaterHeater | None, battery: Battery | None) -> dict[str, int]:
    """The device's own limits, which no command passes. Zeros where there is nothing to limit."""
    return {
        "temperature_mc_min": TEMPERATURE_MC_MIN if heater else 0,
        "temperature_mc_max": TEMPERATURE_MC_MAX if heater else 0,
        "on_s_min": SWITCH_S_MIN if heater else 0,
        "off_s_min": SWITCH_S_MIN if heater else 0,
        "soc_permille_min": SOC_PERMILLE_MIN if battery else 0,
        "soc_permille_max": SOC_PERMILLE_MAX if battery else 0,
        "charge_w_max": battery.charge_w_max if battery else 0,
        "discharge_w_max": battery.discharge_w_max if battery else 0,
    }


def contracts(heater: WaterHeater | None, battery: Battery | None, preference: int) -> tuple[ContractTerms, ...]:
    agreed = [_supply(preference)]
    if heater:
        agreed.append(_deferrable(heater))
    if battery:
        agreed.append(_battery(battery))
    return tuple(agreed)


def _supply(preference: int) -> ContractTerms:
    terms = {
        "price_micro_per_kwh_max": _PRICE_MICRO_PER_KWH_MAX,
        "solar_price_micro_per_kwh_max": _PRICE_MICRO_PER_KWH_MAX,
        "storage_price_micro_per_kwh_max": _PRICE_MICRO_PER_KWH_MAX,
        "grid_price_micro_per_kwh_max": _PRICE_MICRO_PER_KWH_MAX,
        "is_neighbours_first": preference % 2,
        "plant_id_high": 0,
        "plant_id_low": 0,
        "is_demand_response": 1,
    }
    return contract.SUPPLY, _in_order(contract.SUPPLY, terms), _PREFERENCES[preference % len(_PREFERENCES)]


def _deferrable(heater: WaterHeater) -> ContractTerms:
    terms = {
        "power_w": heater.power_w,
        "temperature_mc_min": TEMPERATURE_MC_MIN + COMFORT_MARGIN_MC,
        "temperature_mc_max": TEMPERATURE_MC_MAX,
        "intervals_on_min": 1,
        "intervals_off_min": 1,
        "switches_per_day_max": 12,
        "price_on_permille": 900,
        "price_off_permille": 1050,
        "deadline_slot": _deadline_slot(heater),
        "deadline_temperature_mc": DEADLINE_TEMPERATURE_MC,
    }
    return contract.DEFERRABLE, _in_order(contract.DEFERRABLE, terms), ()


def _deadline_slot(heater: WaterHeater) -> int:
    """Warm before the household's own evening: were it the same hour for all, the deadline would be the new peak."""
    return int((heater.draws.evening_h - HOURS_BEFORE_EVENING) * 2) % _NO_DEADLINE


def _battery(battery: Battery) -> ContractTerms:
    terms = {
        "capacity_wh": battery.capacity_wh,
        "charge_w_max": battery.charge_w_max,
        "discharge_w_max": battery.discharge_w_max,
        "soc_permille_min": SOC_PERMILLE_MIN,
        "soc_permille_max": SOC_PERMILLE_MAX,
        "price_charge_permille": 900,
        "price_discharge_permille": 1100,
        "deadline_slot": _NO_DEADLINE,
        "deadline_soc_permille": 0,
    }
    return contract.BATTERY, _in_order(contract.BATTERY, terms), ()


def _in_order(kind: int, terms: dict[str, int]) -> tuple[int, ...]:
    assert terms.keys() == set(contract.TERMS[kind]), "the terms of wire/contract.py have changed"
    return tuple(terms[name] for name in contract.TERMS[kind])
