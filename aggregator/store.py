"""
The Store is the aggregator's one SQLite file. What an acknowledgement, a light block or a
command says has happened stands in it first: everything that belongs together is one
transaction, on disk (synchronous=FULL) before a word of it leaves the house.

One connection writes (SQLite before 3.51.3 can corrupt a WAL with two).
"""

import fcntl
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .area_store import AreaStore
from .command_store import CommandStore
from .event_store import EventStore
from .key_store import KeyStore
from .prune import SCHEMA as PRUNED
from .reading_store import ReadingStore
from .rollout_store import RolloutStore
from .submission_store import SubmissionStore

_SCHEMA = """
-- One row for each window a reading has a part in; its bytes stand in the first.
CREATE TABLE IF NOT EXISTS readings (
    device_id BLOB, boot INTEGER, sequence INTEGER, window_start_s INTEGER, data BLOB,
    received_ms INTEGER, carrier_id BLOB, billed INTEGER, light_block INTEGER,
    PRIMARY KEY (device_id, boot, sequence, window_start_s)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unsealed ON readings (window_start_s) WHERE light_block IS NULL AND billed = 1;
CREATE TABLE IF NOT EXISTS evidence (
    device_id BLOB, boot INTEGER, sequence INTEGER, digest BLOB, data BLOB, received_ms INTEGER,
    PRIMARY KEY (device_id, boot, sequence, digest));
CREATE TABLE IF NOT EXISTS light_blocks (
    number INTEGER PRIMARY KEY, digest BLOB, window_start_s INTEGER, part INTEGER, data BLOB);
CREATE TABLE IF NOT EXISTS submissions (
    id INTEGER PRIMARY KEY, digest BLOB UNIQUE, kind INTEGER, data BLOB, created_s INTEGER,
    height INTEGER, status INTEGER, closed INTEGER DEFAULT 0);
CREATE INDEX IF NOT EXISTS open_submissions ON submissions (id) WHERE closed = 0;
CREATE TABLE IF NOT EXISTS commands (
    device_id BLOB, sequence INTEGER, decision_id INTEGER, contract_id INTEGER, action INTEGER, value INTEGER,
    issued_s INTEGER, expires_s INTEGER, data BLOB, digest BLOB, receipt BLOB,
    PRIMARY KEY (device_id, sequence)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS decided ON commands (decision_id) WHERE decision_id > 0;
CREATE INDEX IF NOT EXISTS expiring ON commands (expires_s);
CREATE TABLE IF NOT EXISTS used_sequences (device_id BLOB PRIMARY KEY, sequence INTEGER);
CREATE TABLE IF NOT EXISTS receipts (
    device_id BLOB, boot INTEGER, sequence INTEGER, command_sequence INTEGER, data BLOB, received_s INTEGER,
    PRIMARY KEY (device_id, boot, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS devices (device_id BLOB PRIMARY KEY, role INTEGER, public_key BLOB);
CREATE TABLE IF NOT EXISTS owners (device_id BLOB PRIMARY KEY, owner_id BLOB);
CREATE TABLE IF NOT EXISTS loads (contract_id INTEGER PRIMARY KEY, device_id BLOB, power_w INTEGER);
CREATE TABLE IF NOT EXISTS area_blocks (height INTEGER PRIMARY KEY, hash BLOB, interval INTEGER, data BLOB);
CREATE TABLE IF NOT EXISTS refused (name TEXT PRIMARY KEY, count INTEGER);
"""


class StoreBusy(Exception):
    """Another process has this store open."""


class Store:
    """
    Its parts: readings, commands, submissions, area, events, keys, rollouts. Writing is done inside
    `store.transaction()`.
    """

    def __init__(self, path: Path) -> None:
        """Raises StoreBusy."""
        self._lock = open(f"{path}.lock", "w")  # noqa: SIM115  # held as long as the store is open
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise StoreBusy(f"{path}: another process has this store open") from error
        self.db = sqlite3.connect(path, isolation_level=None, timeout=0)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(_SCHEMA)
        self.db.execute(PRUNED)
        self.readings = ReadingStore(self.db)
        self.commands = CommandStore(self.db)
        self.submissions = SubmissionStore(self.db)
        self.area = AreaStore(self.db)
        self.events = EventStore(self.db)
        self.keys = KeyStore(self.db)
        self.rollouts = RolloutStore(self.db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is on disk when it ends, or nothing of it ever happened."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def count_refused(self, names: Mapping[str, int]) -> None:
        """Adds to the refusal counters; inside a transaction."""
        self.db.executemany(
            "INSERT INTO refused VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count",
            names.items(),
        )

    def refused(self) -> Counter[str]:
        return Counter(dict(self.db.execute("SELECT name, count FROM refused ORDER BY name")))

    def close(self) -> None:
        self.db.close()
        self._lock.close()
