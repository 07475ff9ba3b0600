"""
A Lot is what one plant gave of one energy type in one interval, the unit in which energy can be followed. Production
makes lots, consumption takes them, a battery keeps them: what comes out of it is a lot that names what went in.
"""

from typing import Any, NamedTuple

UNKNOWN = 0xFF  # in place of an energy type: it was in the battery before the ledger saw it go in


class Origin(NamedTuple):
    """Energy by the lot it came from: a plant's (or the grid's) production of one type in one interval."""

    interval: int
    plant_id: bytes
    energy_type: int  # or UNKNOWN
    energy_wh: int


class Lot(NamedTuple):
    """What one plant gave of one type in one interval; by (interval, plant id, energy type)."""

    energy_wh: int
    origins: tuple[Origin, ...]  # of a battery's lot: what it had stored; empty for all others


class Stock(NamedTuple):
    """What a battery holds, in the order it came in, and what was lost in it so far; by device id."""

    origins: tuple[Origin, ...]
    lost_wh: int


class Cycle(NamedTuple):
    """What one battery took in during one interval."""

    device_id: bytes
    charged_wh: int
    stored: tuple[Origin, ...]  # what of it can come out again
    dropped: tuple[Origin, ...]  # the oldest energy, written off: more than the battery can hold
    lost_wh: int


class Cycles(NamedTuple):
    """All batteries' cycles in one interval; by interval."""

    cycles: tuple[Cycle, ...]


def origins(rows: Any) -> tuple[Origin, ...]:
    """From plain rows, as they are stored."""
    return tuple(Origin(*row) for row in rows)


def lot(row: Any) -> Lot:
    return Lot(row[0], origins(row[1]))


def stock(row: Any) -> Stock:
    return Stock(origins(row[0]), row[1])


def cycles(row: Any) -> Cycles:
    return Cycles(tuple(Cycle(one[0], one[1], origins(one[2]), origins(one[3]), one[4]) for one in row[0]))


def total_wh(rows: tuple[Origin, ...]) -> int:
    return sum(row.energy_wh for row in rows)
