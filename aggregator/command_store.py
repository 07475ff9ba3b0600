"""
Commands as sent and the receipts that answer them. A command is here before it leaves:
its sequence is spent for ever.
"""

import sqlite3
from typing import NamedTuple

from wire.command import Command
from wire.receipt import Receipt


class Pending(NamedTuple):
    """A command without a receipt, still valid."""

    device_id: bytes
    sequence: int
    data: bytes
    issued_s: int
    expires_s: int


class Issued(NamedTuple):
    """What a receipt is checked against."""

    decision_id: int
    digest: bytes
    action: int
    value: int
    answered: bool


class Last(NamedTuple):
    """The last command a device was given."""

    decision_id: int
    value: int
    issued_s: int
    expires_s: int


class CommandStore:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def next_sequence(self, device_id: bytes) -> int:
        row = self._db.execute(
            "SELECT max((SELECT coalesce(max(sequence), 0) FROM commands WHERE device_id = ?1),"
            " (SELECT coalesce(max(sequence), 0) FROM used_sequences WHERE device_id = ?1))",
            (device_id,),
        ).fetchone()
        return row[0] + 1

    def note_used(self, device_id: bytes, sequence: int) -> None:
        """A receipt on the ledger names it: should our file be older than that, it is spent all the same."""
        self._db.execute(
            "INSERT INTO used_sequences VALUES (?, ?)"
            " ON CONFLICT (device_id) DO UPDATE SET sequence = max(sequence, excluded.sequence)",
            (device_id, sequence),
        )

    def is_dispatched(self, decision_id: int) -> bool:
        return self._db.execute("SELECT 1 FROM commands WHERE decision_id = ?", (decision_id,)).fetchone() is not None

    def add(self, command: Command, data: bytes, digest: bytes, now_s: int) -> None:
        self._db.execute(
            "INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                command.device_id,
                command.sequence,
                command.decision_id,
                command.contract_id,
                command.action,
                command.value,
                now_s,
                command.expires_s,
                data,
                digest,
            ),
        )

    def pending(self, now_s: int) -> list[Pending]:
        """What may be sent again. A device takes no command older than its last, so only the last of each counts."""
        rows = self._db.execute(
            "SELECT device_id, max(sequence), data, issued_s, expires_s FROM commands"
            " WHERE expires_s > ? GROUP BY device_id HAVING receipt IS NULL ORDER BY device_id",
            (now_s,),
        )
        return [Pending(*row) for row in rows]

    def latest_decided(self, device_id: bytes, now_s: int) -> tuple[int, int] | None:
        """(action, value) of the ledger's decision in force for a device."""
        return self._db.execute(
            "SELECT action, value FROM commands WHERE device_id = ? AND decision_id > 0 AND expires_s > ?"
            " ORDER BY sequence DESC LIMIT 1",
            (device_id, now_s),
        ).fetchone()

    def last(self, device_id: bytes) -> Last | None:
        row = self._db.execute(
            "SELECT decision_id, value, issued_s, expires_s FROM commands WHERE device_id = ?"
            " ORDER BY sequence DESC LIMIT 1",
            (device_id,),
        ).fetchone()
        return None if row is None else Last(*row)

    def issued(self, device_id: bytes, sequence: int) -> Issued | None:
        row = self._db.execute(
            "SELECT decision_id, digest, action, value, receipt IS NOT NULL FROM commands"
            " WHERE device_id = ? AND sequence = ?",
            (device_id, sequence),
        ).fetchone()
        return None if row is None else Issued(*row)

    def answer(self, device_id: bytes, sequence: int, receipt: bytes) -> None:
        """The first receipt is the command's answer."""
        self._db.execute(
            "UPDATE commands SET receipt = ? WHERE device_id = ? AND sequence = ? AND receipt IS NULL",
            (receipt, device_id, sequence),
        )

    def receipt(self, device_id: bytes, boot: int, sequence: int) -> bytes | None:
        row = self._db.execute(
            "SELECT data FROM receipts WHERE device_id = ? AND boot = ? AND sequence = ?", (device_id, boot, sequence)
        ).fetchone()
        return row and row[0]

    def add_receipt(self, device_id: bytes, found: Receipt, data: bytes, now_s: int) -> None:
        self._db.execute(
            "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)",
            (device_id, found.boot, found.sequence, found.command_sequence, data, now_s),
        )
