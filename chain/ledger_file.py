"""
A LedgerFile is one SQLite file: the rows of the state and every block, changed together or not at all.

One connection writes (a lock file keeps a second process out: SQLite before 3.51.3 can damage a write-ahead log with
two); others may read at any time. synchronous=FULL: what `append` returned from is on the disk.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import cbor2

from chain import history
from chain.archive import KEPT_BESIDE
from chain.errors import LedgerBusy, LedgerCorrupt, LedgerError
from chain.migrate import migrate

# As of the first version; what came later is in chain/migrations.
SCHEMA = """
CREATE TABLE IF NOT EXISTS state (number INTEGER, key BLOB, value BLOB NOT NULL, PRIMARY KEY (number, key))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (height INTEGER PRIMARY KEY, content BLOB NOT NULL, signed BLOB);
"""
Changes = dict[tuple[int, bytes], bytes | None]  # (table number, key) -> value as hashed; None: deleted


class StoredBlock(NamedTuple):
    """A block as the engine keeps it; decisions as plain rows."""

    height: int
    interval: int
    transactions: tuple[bytes, ...]
    statuses: tuple[int, ...]
    decisions: tuple[tuple, ...]
    app_hash: bytes


class LedgerFile:
    """The file at `path`; made when it is not there and `is_writing`."""

    def __init__(self, path: str | Path, is_writing: bool) -> None:
        self._path = Path(path)
        self._lock: TextIO | None = None
        if is_writing:
            self._lock = _locked(f"{path}.lock")
        elif not self._path.is_file():
            raise LedgerCorrupt(f"{path}: no such ledger")
        self._database = sqlite3.connect(self._path, isolation_level=None)
        try:
            self._prepare(is_writing)
        except (sqlite3.DatabaseError, LedgerCorrupt) as error:
            self.close()
            raise LedgerCorrupt(f"{path}: {error}") from error

    def _prepare(self, is_writing: bool) -> None:
        if not is_writing:
            self._database.execute("PRAGMA query_only = 1")
            self._database.execute("BEGIN")  # all reads see one moment
            return
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)
        migrate(self._database)

    def close(self) -> None:
        self._database.close()
        if self._lock is not None:
            self._lock.close()

    def append(self, block: StoredBlock, changes: Changes) -> None:
        """The next block and what it changed in the state, in one SQLite transaction. Raises sqlite3.Error."""
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            assert block.height == self.height() + 1
            database.execute("INSERT INTO blocks (height, content) VALUES (?, ?)", (block.height, _encode(block)))
            rows = {place: value for place, value in changes.items() if place[0] < KEPT_BESIDE}
            gone = [place for place, value in rows.items() if value is None]
            kept = [(*place, value) for place, value in rows.items() if value is not None]
            history.add(database, [(*place, value) for place, value in changes.items() if place[0] >= KEPT_BESIDE])
            database.executemany("DELETE FROM state WHERE number = ? AND key = ?", gone)
            database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", kept)
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise

    def store_signed(self, height: int, signed: bytes) -> None:
        """
        Keep the block as the cloud signed it, in place of the same unsigned. The same height twice must be the same
        bytes.
        """
        before = self.signed(height)
        assert before is None or before == signed, "two signed blocks for one height"
        update = "UPDATE blocks SET signed = ?, content = x'' WHERE height = ?"
        changed = self._database.execute(update, (signed, height)).rowcount
        assert changed == 1, "there is no block of this height to sign"

    def signed(self, height: int) -> bytes | None:
        rows = self._rows("SELECT signed FROM blocks WHERE height = ?", height)
        return rows[0][0] if rows else None

    def store_header(self, height: int, signed: bytes) -> None:
        """Keep the header of a block as it was signed. The same height twice must be the same bytes."""
        before = self.header(height)
        assert before is None or before == signed, "two signed headers for one height"
        self._database.execute("INSERT OR IGNORE INTO headers VALUES (?, ?)", (height, signed))

    def header(self, height: int) -> bytes | None:
        """None also for a file that was never opened by a version with headers."""
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'headers'"):
            return None
        rows = self._rows("SELECT signed FROM headers WHERE height = ?", height)
        return rows[0][0] if rows else None

    @property
    def history(self) -> history.History:
        """What left the state."""
        return history.History(self._rows)

    def begin_history(self, roots: dict[int, bytes]) -> None:
        """Of a ledger that begins with a snapshot: what left the state before is known by its roots."""
        self._database.executemany("INSERT INTO history_roots VALUES (?, ?)", roots.items())

    def prune_history(self, interval: int) -> int:
        """Drop what left the state before an interval; how many rows. Their roots stay."""
        return history.drop_before(self._database, interval)

    def height(self) -> int:
        return self._rows("SELECT ifnull(max(height), 0) FROM blocks")[0][0]

    def block(self, height: int) -> StoredBlock | None:
        rows = self._rows("SELECT content, signed FROM blocks WHERE height = ?", height)
        if not rows:
            return None
        content, signed = rows[0]
        return _decode(height, content) if content or signed is None else _decode_signed(height, signed)

    def blocks(self) -> Iterator[StoredBlock]:
        """All of them, from the first. Raises LedgerCorrupt."""
        for (height,) in self._rows("SELECT height FROM blocks ORDER BY height"):
            block = self.block(height)
            if block is None:
                raise LedgerCorrupt(f"{self._path}: block {height} is in the index only")
            yield block

    def state(self) -> list[tuple[int, bytes, bytes]]:
        """(table number, key, value as hashed) of every row. Raises LedgerCorrupt."""
        rows = self._rows("SELECT number, key, value FROM state")
        if any(tuple(map(type, row)) != (int, bytes, bytes) for row in rows):
            raise LedgerCorrupt(f"{self._path}: a row of the state is of another type")
        return rows

    def damage(self) -> list[str]:
        """What SQLite itself finds wrong with the file's structure."""
        rows = [row[0] for row in self._rows("PRAGMA integrity_check")]
        return [] if rows == ["ok"] else rows

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise LedgerCorrupt(f"{self._path}: {error}") from error


def _locked(path: str) -> TextIO:
    """The lock file, held by this process as long as it is open."""
    try:
        lock = open(path, "w")  # noqa: SIM115  # the ledger closes it
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise LedgerBusy(f"{path}: another process has this ledger open") from error
    return lock


def _encode(block: StoredBlock) -> bytes:
    return cbor2.dumps(
        [block.interval, block.transactions, [int(one) for one in block.statuses], block.decisions, block.app_hash]
    )


def _decode_signed(height: int, signed: Any) -> StoredBlock:
    """A block out of its published form (wire/block.py); its signature is not looked at here."""
    try:
        found, interval, _, _, app_hash, *rows = cbor2.loads(cbor2.loads(signed).value[2])
    except (cbor2.CBORDecodeError, AttributeError, TypeError, ValueError, IndexError) as error:
        raise LedgerCorrupt(f"block {height} cannot be read: {error}") from error
    if found != height or len(rows) != 3:
        raise LedgerCorrupt(f"block {height} cannot be read: it is another one")
    return _stored(height, [interval, *rows, app_hash])


def _decode(height: int, content: Any) -> StoredBlock:
    try:
        fields = cbor2.loads(content)
    except (cbor2.CBORDecodeError, TypeError, ValueError) as error:
        raise LedgerCorrupt(f"block {height} cannot be read: {error}") from error
    return _stored(height, fields)


def _stored(height: int, fields: Any) -> StoredBlock:
    try:
        interval, transactions, statuses, decisions, app_hash = fields
        rows = tuple(tuple(row) for row in decisions)
        block = StoredBlock(height, interval, tuple(transactions), tuple(statuses), rows, app_hash)
    except (TypeError, ValueError) as error:
        raise LedgerCorrupt(f"block {height} cannot be read: {error}") from error
    if not all(isinstance(transaction, bytes) for transaction in block.transactions):
        raise LedgerCorrupt(f"block {height} cannot be read: a transaction is no byte string")
    return block
