"""
What contracts do: `decide(terms, situation) -> Wish` per kind of contract on a device, pure; `execute` runs them all
when a price is posted, and `feeder` settles their wishes with what the feeder carries.
"""

from chain.contracts import battery, deferrable, supply
from chain.contracts.terms import contract_key
from wire.contract import BATTERY, DEFERRABLE, SUPPLY

__all__ = ["are_terms_sound", "contract_key"]

_SOUND = {
    SUPPLY: supply.are_terms_sound,
    DEFERRABLE: deferrable.are_terms_sound,
    BATTERY: battery.are_terms_sound,
}


def are_terms_sound(contract_kind: int, terms: tuple[int, ...]) -> bool:
    """Whether a contract of this kind can be carried out as written."""
    return _SOUND[contract_kind](terms)
