"""
Hash_G: one hash over the data of all plants and days of a period, such that any plant's day can be checked against it
without the others' data. All three trees are those of RFC 9162 (wire/merkle.py).

    Hash_t^j  the root over plant j's day t: one leaf per market interval with readings, CBOR [interval, consumed,
              produced, charged, discharged] in Wh
    Hash^j    the root over CBOR [plant id, day, Hash_t^j], day by day
    Hash_G    the root over CBOR [plant id, Hash^j], by plant id, of the plants with readings in the period
"""

from typing import NamedTuple

import cbor2

from chain.archive import is_archived
from chain.errors import RowsPruned
from chain.history import History
from chain.market import NOTHING
from chain.state import Book, State, u32
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


class Books:
    """What every meter did in every interval: from the state, and of what left it from the ledger's history."""

    def __init__(self, state: State, history: History | None = None) -> None:
        self._state = state
        self._history = history
        self._left: dict[int, dict[bytes, Book]] = {}

    def plants(self, days: range) -> list[bytes]:
        """Every meter with readings in the period, ascending by id: who registers later changes no anchor."""
        meters = [key for key, subject in self._state.subjects.items() if subject.role == METER]
        return [key for key in meters if any(self.rows(key, day) for day in days)]

    def rows(self, plant_id: bytes, day: int) -> tuple[tuple[int, ...], ...]:
        """
        (interval, consumed, produced, charged, discharged) of each interval of a UTC day that has readings.

        Raises RowsPruned.
        """
        intervals = range(day * DAY_INTERVALS, (day + 1) * DAY_INTERVALS)
        books = [(interval, self._book(interval, plant_id)) for interval in intervals]
        return tuple((interval, *book) for interval, book in books if book != NOTHING)

    def _book(self, interval: int, plant_id: bytes) -> Book:
        if not is_archived(self._state, interval):
            return self._state.books.get(u32(interval) + plant_id, NOTHING)
        if interval not in self._left:
            self._left[interval] = self._books_that_left(interval)
        return self._left[interval].get(plant_id, NOTHING)

    def _books_that_left(self, interval: int) -> dict[bytes, Book]:
        rows = [] if self._history is None else self._history.of_interval(interval)
        if not rows and (self._history is None or interval in self._history.roots()):
            raise RowsPruned(f"interval {interval} has left the state, and its rows were not kept in this file")
        number = self._state.books.number
        return {row.key[4:]: Book(*cbor2.loads(row.value)) for row in rows if row.number == number}


def day_hash(rows: tuple[tuple[int, ...], ...]) -> bytes:
    return merkle.root([cbor.encode(list(row)) for row in rows])


def _day_leaves(books: Books, plant_id: bytes, days: range) -> list[bytes]:
    return [cbor.encode([plant_id, day, day_hash(books.rows(plant_id, day))]) for day in days]


def _plant_leaves(books: Books, days: range) -> list[bytes]:
    return [cbor.encode([plant, merkle.root(_day_leaves(books, plant, days))]) for plant in books.plants(days)]


def hash_g(books: Books, days: range) -> bytes:
    """Of a period of UTC days. Raises RowsPruned."""
    return merkle.root(_plant_leaves(books, days))


def audited(books: Books, plant_id: bytes, day: int, days: range) -> Audited:
    """What the owner of a ledger hands a regulator who asks for one plant's day. Raises RowsPruned."""
    rows = books.rows(plant_id, day)
    of_plant, of_all = _day_leaves(books, plant_id, days), _plant_leaves(books, days)
    day_path = merkle.proof(of_plant, days.index(day))
    plant_path = merkle.proof(of_all, books.plants(days).index(plant_id))
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
