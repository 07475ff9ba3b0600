"""
The rounds of a settlement: who asks for what, when. A consumer's contract ranks what it wants; in each round everybody
asks for what they rank next, narrower claims before wider ones: a particular plant, then the own area, then anywhere.

Who is in one area and wants the same asks as one: there are as many groups as there are different contracts, and not
as there are meters.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
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


class Group:
    """Consumers of one area whose contracts say the same. members: those who still need energy."""

    def __init__(self, area_id: bytes, supply: Supply) -> None:
        self.area_id = area_id
        self.supply = supply
        self.members: list[bytes] = []


Claims = dict[Claim, list[Group]]


def rounds(groups: Iterable[Group], prices: tuple[int, ...]) -> Iterator[Claims]:
    """
    1. Whoever names a plant asks it, type by type.
    2. Whoever wants neighbours first asks the own area, type by type.
    3. Everybody asks type by type: the own area (who did not yet), then anywhere. GRID is anywhere only.
    """
    every = list(groups)
    named = [group for group in every if group.supply.plant_id != NO_PLANT]
    close = [group for group in every if group.supply.is_neighbours_first]
    rest = [group for group in every if not group.supply.is_neighbours_first]
    for turn in TURNS if named else ():
        yield _claims(PLANT, named, turn, prices)
    for turn in TURNS if close else ():
        yield _claims(AREA, close, turn, prices)
    for turn in TURNS:
        yield _claims(AREA, rest, turn, prices)
        yield _claims(ANYWHERE, every, turn, prices)


def _claims(scope: int, groups: list[Group], turn: int, prices: tuple[int, ...]) -> Claims:
    """What all ask for whose contract has a type for this turn, within its price limit."""
    claims: Claims = defaultdict(list)
    for group in groups:
        supply = group.supply
        if turn < len(supply.energy_types):
            number = supply.energy_types[turn]
            is_asked = scope == ANYWHERE or number != GRID
            if is_asked and prices[number] <= supply.price_micro_per_kwh_max[number]:
                whose = (supply.plant_id, group.area_id, b"")[scope]
                claims[Claim(scope, whose, number)].append(group)
    return claims
