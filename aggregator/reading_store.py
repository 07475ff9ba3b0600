"""Readings as signed, by (device, boot, sequence), and which light block each part of them is sealed in."""

import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from itertools import groupby

from wire.light_block import LightBlock

from .intake import Accepted, Key, Taken, Totals, check_energy, records_of
from .light_block import Leaf, Sealed, Window

_OF_KEY = "device_id = ? AND boot = ? AND sequence = ?"
_FIRST = "data IS NOT NULL"  # the row of a reading's first window


SCHEMA = """
-- What light blocks on the ledger cover whose readings are not all here: of a life of ours that this file does not
-- remember, or of the aggregator before us. What they count is never counted again.
CREATE TABLE IF NOT EXISTS covered (
    window_start_s INTEGER, device_id BLOB, boot INTEGER, sequence INTEGER,
    PRIMARY KEY (window_start_s, device_id, boot, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts_before (window_start_s INTEGER, part INTEGER, PRIMARY KEY (window_start_s, part));
"""
_COVERED = "SELECT 1 FROM covered WHERE window_start_s = ? AND device_id = ? AND (boot, sequence) >= (?, ?) LIMIT 1"


class ReadingStore:
    """Also the `Known` of intake: `latest` is in memory and brought up to date by intake itself."""

    def __init__(self, db: sqlite3.Connection) -> None:
        db.executescript(SCHEMA)
        self._db = db
        self.latest: dict[bytes, tuple[tuple[int, int], Totals]] = {}
        for device_id, boot, sequence, data, _ in self.last_of_each_device():
            self.latest[device_id] = ((boot, sequence), check_energy(records_of(data)))

    def last_of_each_device(self) -> list[tuple[bytes, int, int, bytes, bytes]]:
        """(device_id, boot, sequence, data, carrier_id) of each device's last reading."""
        devices = self._db.execute("SELECT DISTINCT device_id FROM readings").fetchall()
        last = (
            f"SELECT device_id, boot, sequence, data, carrier_id FROM readings WHERE device_id = ? AND {_FIRST}"
            " ORDER BY boot DESC, sequence DESC LIMIT 1"
        )
        return [self._db.execute(last, device).fetchone() for device in devices]

    def stored(self, key: Key) -> bytes | None:
        row = self._db.execute(f"SELECT data FROM readings WHERE {_OF_KEY} AND {_FIRST}", key).fetchone()
        return None if row is None else row[0]

    def carrier_of(self, device_id: bytes) -> bytes:
        """Through whom a device is reached: whoever brought its last reading, itself before the first."""
        last = "SELECT carrier_id FROM readings WHERE device_id = ? ORDER BY boot DESC, sequence DESC LIMIT 1"
        row = self._db.execute(last, (device_id,)).fetchone()
        return device_id if row is None else row[0]

    def neighbours(self, key: Key) -> tuple[bytes | None, bytes | None]:
        select = f"SELECT data FROM readings WHERE device_id = ? AND {_FIRST} AND (boot, sequence)"
        before = self._db.execute(f"{select} < (?, ?) ORDER BY boot DESC, sequence DESC LIMIT 1", key).fetchone()
        after = self._db.execute(f"{select} > (?, ?) ORDER BY boot, sequence LIMIT 1", key).fetchone()
        return (before and before[0]), (after and after[0])

    def add(self, taken: Taken, received_ms: int) -> None:
        """What intake accepted; inside a transaction. A second one with the same key is our own fault."""
        self._db.executemany(
            "INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            [row for reading in taken.accepted for row in self._rows(reading, received_ms, taken.carrier_id)],
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?, ?)",
            [(*key, sha256(data).digest(), data, received_ms) for key, data in taken.evidence],
        )

    def unsealed(self, before_ms: int) -> Iterable[Window]:
        """Windows with readings in no light block yet, ascending; only readings received before `before_ms`."""
        rows = self._db.execute(
            "SELECT window_start_s, device_id, boot, sequence, coalesce(data, (SELECT data FROM readings AS first"
            " WHERE first.device_id = part.device_id AND first.boot = part.boot AND first.sequence = part.sequence"
            " AND first.data IS NOT NULL)) FROM readings AS part"
            " WHERE light_block IS NULL AND billed = 1 AND received_ms < ?"
            " ORDER BY window_start_s, device_id, boot, sequence",
            (before_ms,),
        ).fetchall()
        for window_start_s, group in groupby(rows, key=lambda row: row[0]):
            yield Window(window_start_s, [Leaf(*row[1:]) for row in group])

    def parts_of(self, window_start_s: int) -> int:
        """How many light blocks there are for a window: the number of the next part."""
        parts = (
            "SELECT (SELECT count(*) FROM light_blocks WHERE window_start_s = ?1)"
            " + (SELECT count(*) FROM parts_before WHERE window_start_s = ?1)"
        )
        return self._db.execute(parts, (window_start_s,)).fetchone()[0]

    def last_light_block(self) -> tuple[int, bytes]:
        """(number, digest) of the end of our chain; (0, zeros) before the first."""
        row = self._db.execute("SELECT number, digest FROM light_blocks ORDER BY number DESC LIMIT 1").fetchone()
        return row or (0, bytes(32))

    def seal(self, sealed: Sealed) -> None:
        """A light block and that its readings are in it; inside a transaction."""
        self._db.execute(
            "INSERT INTO light_blocks VALUES (?, ?, ?, ?, ?)",
            (sealed.number, sealed.digest, sealed.window_start_s, sealed.part, sealed.data),
        )
        self._db.executemany(
            f"UPDATE readings SET light_block = ? WHERE {_OF_KEY} AND window_start_s = ?",
            [(sealed.number, *leaf[:3], sealed.window_start_s) for leaf in sealed.leaves],
        )

    def light_block(self, number: int) -> bytes | None:
        """Its digest."""
        row = self._db.execute("SELECT digest FROM light_blocks WHERE number = ?", (number,)).fetchone()
        return row and row[0]

    def reopen_from(self, number: int) -> list[bytes]:
        """Takes back light blocks the ledger will never apply: their readings wait to be sealed. Their digests."""
        digests = [row[0] for row in self._db.execute("SELECT digest FROM light_blocks WHERE number >= ?", (number,))]
        self._db.execute("UPDATE readings SET light_block = NULL WHERE light_block >= ?", (number,))
        self._db.execute("DELETE FROM light_blocks WHERE number >= ?", (number,))
        return digests

    def adopt(self, digest: bytes, data: bytes, found: LightBlock) -> None:
        """
        A light block of ours that only the ledger remembers (our file is older than it). What its entries
        cover is sealed in it: counting a reading twice would be worse than not at all.
        """
        window_start_s = found.window_start_s
        self._db.execute(
            "INSERT INTO light_blocks VALUES (?, ?, ?, ?, ?)",
            (found.number, digest, window_start_s, found.part, data),
        )
        self._db.executemany(
            "UPDATE readings SET light_block = ? WHERE light_block IS NULL AND window_start_s = ?"
            " AND device_id = ? AND (boot, sequence) <= (?, ?)",
            [(found.number, window_start_s, entry.device_id, entry.boot, entry.sequence) for entry in found.entries],
        )
        self._cover(found)

    def note_predecessors(self, found: LightBlock) -> None:
        """A light block of the area's aggregator before us: its part is taken, and what it counts is counted."""
        self._db.execute("INSERT OR IGNORE INTO parts_before VALUES (?, ?)", (found.window_start_s, found.part))
        self._cover(found)
        self._db.executemany(
            "UPDATE readings SET billed = 0 WHERE light_block IS NULL AND window_start_s = ?"
            " AND device_id = ? AND (boot, sequence) <= (?, ?)",
            [(found.window_start_s, entry.device_id, entry.boot, entry.sequence) for entry in found.entries],
        )

    def _cover(self, found: LightBlock) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO covered VALUES (?, ?, ?, ?)",
            [(found.window_start_s, entry.device_id, entry.boot, entry.sequence) for entry in found.entries],
        )

    def _rows(self, reading: Accepted, received_ms: int, carrier_id: bytes) -> list[tuple]:
        """One row for each window; the bytes stand in the first. What is counted already is not billed again."""
        device_id, boot, sequence, data, _, pieces = reading
        first: bytes | None = data
        rows = []
        for window_start_s, billed in pieces:
            known = self._db.execute(_COVERED, (window_start_s, device_id, boot, sequence)).fetchone()
            row = (device_id, boot, sequence, window_start_s, first, received_ms, carrier_id, billed and not known)
            rows.append(row)
            first = None
        return rows
