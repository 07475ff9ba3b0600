"""
The rounds of a settlement: who asks for what, when. A consumer's contract ranks what it wants; in each round everybody
asks for what they rank next, narrower claims before wider ones: a particular plant, then the own area, then anywhere.
"""

from collections.abc import Iterator
from typing import NamedTuple

from chain.contracts.supply import NO_PLANT, Supply
from wire.energy_type import GRID, NAMES

PLANT, AREA, ANYWHERE = range(3)
TURNS = range(len(NAMES))


class Claim(NamedTuple):
    """scope: PLANT or AREA with its id in `whose`, or ANYWHERE with none."""

    scope: int
    whose: bytes
    energy_type: int


Claims = dict[bytes, Claim]  # by consumer


def rounds(supplies: dict[bytes, Supply], areas: dict[bytes, bytes], prices: tuple[int, ...]) -> Iterator[Claims]:
    """
    1. Whoever names a plant asks it, type by type.
    2. Whoever wants neighbours first asks the own area, type by type.
    3. Everybody asks type by type: the own area (who did not yet), then anywhere. GRID is anywhere only.
    """
    named = {consumer: supply for consumer, supply in supplies.items() if supply.plant_id != NO_PLANT}
    close = {consumer: supply for consumer, supply in supplies.items() if supply.is_neighbours_first}
    rest = {consumer: supply for consumer, supply in supplies.items() if not supply.is_neighbours_first}
    for turn in TURNS if named else ():
        yield _local({c: Claim(PLANT, supply.plant_id, number) for c, supply, number in _wanted(named, turn, prices)})
    for turn in TURNS if close else ():
        yield _local({c: Claim(AREA, areas[c], number) for c, _, number in _wanted(close, turn, prices)})
    for turn in TURNS:
        yield _local({c: Claim(AREA, areas[c], number) for c, _, number in _wanted(rest, turn, prices)})
        yield {c: Claim(ANYWHERE, b"", number) for c, _, number in _wanted(supplies, turn, prices)}


def _wanted(supplies: dict[bytes, Supply], turn: int, prices: tuple[int, ...]) -> Iterator[tuple[bytes, Supply, int]]:
    """(consumer, contract, energy type) of all whose contract has a type for this turn, within its price limit."""
    for consumer, supply in supplies.items():
        if turn < len(supply.energy_types):
            number = supply.energy_types[turn]
            if prices[number] <= supply.price_micro_per_kwh_max[number]:
                yield consumer, supply, number


def _local(claims: Claims) -> Claims:
    return {consumer: claim for consumer, claim in claims.items() if claim.energy_type != GRID}
