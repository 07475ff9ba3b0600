"""
A Site is one device's place in the neighbourhood, as the bench needs to know it before
anything runs: what is wired to it, within which limits, and what its owner agrees to.
"""

from dataclasses import dataclass

ContractTerms = tuple[int, tuple[int, ...], tuple[int, ...]]  # contract_kind, terms, energy_types

METER = "meter"
MLMD = "mlmd"


@dataclass(frozen=True)
class Site:
    name: str
    role: str  # METER or MLMD
    mlmd: str  # the M-LMD a meter reports to; an M-LMD's own name
    street: int
    node: int  # of the grid in hil/data
    equipment: dict
    limits: dict[str, int]
    contracts: tuple[ContractTerms, ...]  # terms in the order of wire.contract.TERMS
    energy_type: int  # what its own plant makes; GRID for none
    power_w_max: int  # the area's limit, or the household's service
