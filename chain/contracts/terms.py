"""What every contract's code needs to know of it: its terms by name, and its place in the state."""

from typing import NamedTuple

from wire.contract import BATTERY, DEFERRABLE, TERMS

NO_DEADLINE = 48  # a slot is a market interval of the UTC day


class DeferrableTerms(NamedTuple):
    power_w: int
    temperature_mc_min: int
    temperature_mc_max: int
    intervals_on_min: int
    intervals_off_min: int
    switches_per_day_max: int
    price_on_permille: int
    price_off_permille: int
    deadline_slot: int
    deadline_temperature_mc: int


class BatteryTerms(NamedTuple):
    capacity_wh: int
    charge_w_max: int
    discharge_w_max: int
    soc_permille_min: int
    soc_permille_max: int
    price_charge_permille: int
    price_discharge_permille: int
    deadline_slot: int
    deadline_soc_permille: int


assert DeferrableTerms._fields == TERMS[DEFERRABLE]
assert BatteryTerms._fields == TERMS[BATTERY]


def contract_key(device_id: bytes, contract_kind: int) -> bytes:
    """Where the state keeps which contract of this kind a device has."""
    return device_id + bytes((contract_kind,))


def intervals_left(slot: int, deadline_slot: int) -> int:
    """How many intervals there are to a deadline, this one included: 0 without one, 48 just after it."""
    return 0 if deadline_slot == NO_DEADLINE else (deadline_slot - slot - 1) % NO_DEADLINE + 1
