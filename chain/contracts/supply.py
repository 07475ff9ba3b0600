"""A supply contract says which energy its user buys, preferred first, and up to which price. Settlement executes it."""

from typing import NamedTuple

from chain.contracts.terms import contract_key
from chain.state import Agreement, State, u32
from wire.contract import SUPPLY
from wire.energy_type import GRID, SOLAR, STORAGE


class Supply(NamedTuple):
    energy_types: tuple[int, ...]  # preferred first
    price_micro_per_kwh_max: int  # for what comes from neighbours: the grid always supplies what is left


# Who has agreed on nothing buys what the neighbourhood makes before what the grid brings, at the posted prices.
LOCAL_FIRST = Supply((SOLAR, STORAGE, GRID), 0xFFFFFFFF)


def are_terms_sound(terms: tuple[int, ...]) -> bool:
    return len(terms) == 1 and terms[0] >= 0


def supply_of(state: State, meter_id: bytes) -> Supply:
    """What the meter's open supply contract says, else LOCAL_FIRST."""
    contract_id = state.contract_of.get(contract_key(meter_id, SUPPLY))
    if contract_id is None:
        return LOCAL_FIRST
    agreement: Agreement = state.contracts.get(u32(contract_id.number))
    return Supply(agreement.energy_types or LOCAL_FIRST.energy_types, agreement.terms[0])
