"""
Events as devices signed them: what they found wrong, or did to protect themselves. A device
says one again until it knows that we are there, so each is kept once.
"""

import sqlite3

from chain.ed25519 import verify
from wire import event
from wire.event import Event

from .refusal import Refused
from .registry import Registry

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    device_id BLOB, boot INTEGER, sequence INTEGER, code INTEGER, subject BLOB, begin_s INTEGER, end_s INTEGER,
    value INTEGER, data BLOB, received_s INTEGER, PRIMARY KEY (device_id, boot, sequence)) WITHOUT ROWID;
"""


def read_event(data: bytes, device_id: bytes, registry: Registry, network_id: bytes) -> Event:
    """The Event in `data` (untrusted bytes) that came in on this device's topic. Raises WireError, Refused."""
    at_of = lambda told: told.end_s or told.begin_s  # noqa: E731
    envelope, found = registry.open(event.KIND, event.LAYOUT, data, at_of, network_id, verify)
    if envelope.signer_id != device_id:
        raise Refused("wrong_topic", device_id.hex())
    return found


class EventStore:
    def __init__(self, db: sqlite3.Connection) -> None:
        db.executescript(SCHEMA)
        self._db = db

    def add(self, device_id: bytes, found: Event, data: bytes, received_s: int) -> bool:
        """Keep a verified event, inside a transaction; whether it is new. Raises Refused: contradicted."""
        key = (device_id, found.boot, found.sequence)
        row = self._db.execute(
            "SELECT data FROM events WHERE device_id = ? AND boot = ? AND sequence = ?", key
        ).fetchone()
        if row is not None:
            if row[0] != data:
                raise Refused("contradicted")
            return False
        values = (*key, found.code, found.subject, found.begin_s, found.end_s, found.value, data, received_s)
        self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        return True

    def running(self) -> dict[bytes, int]:
        """Which version of the firmware each device said last that it runs."""
        rows = self._db.execute(
            "SELECT device_id, value FROM events WHERE code = ? ORDER BY boot, sequence",
            (event.CODES.index("firmware_running"),),
        )
        return dict(rows.fetchall())


def exported(db: sqlite3.Connection) -> list[dict]:
    """Every event with its code's name, ids in hex, as plain values; none in a store from before there were any."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
        return []
    rows = db.execute(
        "SELECT device_id, boot, sequence, code, subject, begin_s, end_s, value, received_s FROM events"
        " ORDER BY device_id, boot, sequence"
    )
    names = ("device_id", "boot", "sequence", "code", "subject", "begin_s", "end_s", "value", "received_s")
    return [
        dict(zip(names, (row[0].hex(), *row[1:3], _name(row[3]), row[4].hex(), *row[5:]), strict=True)) for row in rows
    ]


def _name(code: int) -> str:
    """A code that is newer than this aggregator keeps its number."""
    return event.CODES[code] if code < len(event.CODES) else f"code_{code}"
