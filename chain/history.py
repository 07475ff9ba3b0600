"""
The History is what left the state (chain/archive.py), kept beside it in the ledger file for whoever wants to prove an
old row. It is no part of the state: a node may drop it, oldest first, and keeps every hash that others' proofs need.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from chain.archive import KEPT_BESIDE, interval_root, row_leaf

Rows = Callable[..., list[Any]]


class Row(NamedTuple):
    interval: int
    number: int  # of the table
    key: bytes
    value: bytes


def add(database: sqlite3.Connection, left: Sequence[tuple[int, bytes, bytes | None]]) -> None:
    """Rows that left, as State.unsaved has them: (KEPT_BESIDE + table number, interval || key, value)."""
    leaves: dict[int, list[bytes]] = {}
    rows = []
    for place, key, value in sorted(left, key=lambda one: (one[1][:4], one[0], one[1])):
        assert value is not None
        row = Row(int.from_bytes(key[:4], "big"), place - KEPT_BESIDE, key[4:], value)
        rows.append(row)
        leaves.setdefault(row.interval, []).append(row_leaf(*row[1:]))
    database.executemany("INSERT INTO history VALUES (?, ?, ?, ?)", rows)
    roots = [(interval, interval_root(some)) for interval, some in leaves.items()]
    database.executemany("INSERT INTO history_roots VALUES (?, ?)", roots)


def drop_before(database: sqlite3.Connection, interval: int) -> int:
    """Drop the rows of older intervals; their roots stay. How many rows went."""
    return database.execute("DELETE FROM history WHERE interval < ?", (interval,)).rowcount


class History:
    """rows: runs a statement on the ledger file and raises LedgerCorrupt."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._is_there = bool(rows("SELECT 1 FROM sqlite_master WHERE name = 'history'"))

    def find(self, number: int, key: bytes) -> Row | None:
        """A row that left the state."""
        if not self._is_there:
            return None
        found = self._rows("SELECT interval, number, key, value FROM history WHERE number = ? AND key = ?", number, key)
        return Row(*found[0]) if found else None

    def of_interval(self, interval: int) -> list[Row]:
        """Its rows by table and key, the order of its tree."""
        if not self._is_there:
            return []
        select = "SELECT interval, number, key, value FROM history WHERE interval = ? ORDER BY number, key"
        return [Row(*row) for row in self._rows(select, interval)]

    def roots(self) -> dict[int, bytes]:
        """The root of every interval that left with rows; one without any has the root of nothing."""
        return dict(self._rows("SELECT interval, root FROM history_roots")) if self._is_there else {}
