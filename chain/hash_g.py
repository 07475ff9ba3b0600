"""
Hash_G: one hash over the data of all plants and days of a period, such that any plant's day can be checked against it
without the others' data. All three trees are those of RFC 9162 (wire/merkle.py).

    Hash_t^j  the root over plant j's day t: one leaf per market interval with readings, CBOR [interval, consumed,
              produced, charged, discharged] in Wh
    Hash^j    the root over CBOR [plant id, day, Hash_t^j], day by day
    Hash_G    the root over CBOR [plant id, Hash^j], by plant id
"""

from typing import NamedTuple

from chain.market import NOTHING
from chain.state import State, u32
from wire import cbor, merkle
from wire.registration import METER

DAY_INTERVALS = 48


class Audited(NamedTuple):
    """One plant's day, and the hashes that lead from it to Hash_G."""

    rows: tuple[tuple[int, ...], ...]
    day_hash: bytes
    day_path: tuple[bytes, ...]
    plant_hash: bytes
    plant_path: tuple[bytes, ...]


def plants(state: State) -> list[bytes]:
    """Every meter, ascending by id."""
    return [key for key, subject in state.subjects.items() if subject.role == METER]


def rows_of(state: State, plant_id: bytes, day: int) -> tuple[tuple[int, ...], ...]:
    """(interval, consumed, produced, charged, discharged) of each interval of a UTC day that has readings."""
    intervals = range(day * DAY_INTERVALS, (day + 1) * DAY_INTERVALS)
    books = [(interval, state.books.get(u32(interval) + plant_id, NOTHING)) for interval in intervals]
    return tuple((interval, *book) for interval, book in books if book != NOTHING)


def day_hash(rows: tuple[tuple[int, ...], ...]) -> bytes:
    return merkle.root([cbor.encode(list(row)) for row in rows])


def _day_leaves(state: State, plant_id: bytes, days: range) -> list[bytes]:
    return [cbor.encode([plant_id, day, day_hash(rows_of(state, plant_id, day))]) for day in days]


def _plant_leaves(state: State, days: range) -> list[bytes]:
    return [cbor.encode([plant, merkle.root(_day_leaves(state, plant, days))]) for plant in plants(state)]


def hash_g(state: State, days: range) -> bytes:
    return merkle.root(_plant_leaves(state, days))


def audited(state: State, plant_id: bytes, day: int, days: range) -> Audited:
    """What the owner of a ledger hands a regulator who asks for one plant's day."""
    rows = rows_of(state, plant_id, day)
    of_plant, of_all = _day_leaves(state, plant_id, days), _plant_leaves(state, days)
    day_path = merkle.proof(of_plant, days.index(day))
    plant_path = merkle.proof(of_all, plants(state).index(plant_id))
    return Audited(rows, day_hash(rows), tuple(day_path), merkle.root(of_plant), tuple(plant_path))


def is_authentic(shown: Audited, plant_id: bytes, place: int, day: int, days: range, count: int, anchor: bytes) -> bool:
    """
    Whether these rows are what was anchored; for a regulator who has nothing else.

    place: of the plant among the `count` plants; days: the period of the anchor; anchor: its Hash_G.
    """
    if day not in days or day_hash(shown.rows) != shown.day_hash:
        return False
    day_leaf = cbor.encode([plant_id, day, shown.day_hash])
    plant_leaf = cbor.encode([plant_id, shown.plant_hash])
    return merkle.verify_proof(
        day_leaf, days.index(day), len(days), shown.day_path, shown.plant_hash
    ) and merkle.verify_proof(plant_leaf, place, count, shown.plant_path, anchor)
