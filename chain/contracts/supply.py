"""
A supply contract says which energy its user buys: types in order, neighbours or a particular plant first, up to which
price; and whether the meter's equipment takes part in demand response. Settlement executes it.
"""

from typing import NamedTuple

from chain.contracts.agreed import in_force
from chain.state import State
from chain.version import Version
from wire.contract import SUPPLY, TERMS
from wire.energy_type import GRID, SOLAR, STORAGE

U32_MAX = 0xFFFFFFFF
NO_PLANT = bytes(8)


class SupplyTerms(NamedTuple):
    """A contract may leave out all terms but the first: these are theirs then."""

    price_micro_per_kwh_max: int
    solar_price_micro_per_kwh_max: int = U32_MAX
    storage_price_micro_per_kwh_max: int = U32_MAX
    grid_price_micro_per_kwh_max: int = U32_MAX
    is_neighbours_first: int = 0
    plant_id_high: int = 0
    plant_id_low: int = 0
    is_demand_response: int = 1


assert SupplyTerms._fields == TERMS[SUPPLY]


class Supply(NamedTuple):
    energy_types: tuple[int, ...]  # preferred first
    price_micro_per_kwh_max: tuple[int, ...]  # by energy type
    is_neighbours_first: bool
    plant_id: bytes  # NO_PLANT for none


# Who has agreed on nothing buys what the neighbourhood makes before what the grid brings, at the posted prices.
LOCAL_FIRST = Supply((SOLAR, STORAGE, GRID), (U32_MAX,) * 3, False, NO_PLANT)


def are_terms_sound(numbers: tuple[int, ...]) -> bool:
    if not 1 <= len(numbers) <= len(SupplyTerms._fields) or min(numbers) < 0:
        return False
    terms = SupplyTerms(*numbers)
    are_switches = terms.is_neighbours_first <= 1 and terms.is_demand_response <= 1
    return are_switches and max(terms.plant_id_high, terms.plant_id_low) <= U32_MAX


def supply_of(state: State, meter_id: bytes, interval: int) -> Supply:
    """What the meter's supply contract said in this interval, else LOCAL_FIRST."""
    version = in_force(state, meter_id, SUPPLY, interval)
    return LOCAL_FIRST if version is None else supply_in(version)


def supply_in(version: Version) -> Supply:
    """What this version of a supply contract says."""
    terms = SupplyTerms(*version.terms)
    limits = (
        terms.grid_price_micro_per_kwh_max,
        min(terms.price_micro_per_kwh_max, terms.solar_price_micro_per_kwh_max),
        min(terms.price_micro_per_kwh_max, terms.storage_price_micro_per_kwh_max),
    )
    plant_id = terms.plant_id_high.to_bytes(4, "big") + terms.plant_id_low.to_bytes(4, "big")
    energy_types = version.energy_types or LOCAL_FIRST.energy_types
    return Supply(energy_types, limits, bool(terms.is_neighbours_first), plant_id)


def takes_part(state: State, meter_id: bytes, interval: int) -> bool:
    """Whether the meter's equipment takes part in demand response: without a word against it, it does."""
    version = in_force(state, meter_id, SUPPLY, interval)
    return version is None or bool(SupplyTerms(*version.terms).is_demand_response)
