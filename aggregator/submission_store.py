"""
What this aggregator wants on the ledger, from the moment it is decided until it has been
seen in a block: the outbox that makes a submission happen once across restarts.
"""

import sqlite3
from hashlib import sha256
from typing import NamedTuple

from chain.status import Status
from wire import kind


class Submission(NamedTuple):
    digest: bytes
    kind: int
    data: bytes
    status: int | None


class SubmissionStore:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, submission_kind: int, data: bytes, now_s: int) -> None:
        """Inside the transaction that decided it. The same bytes twice are one submission."""
        self._db.execute(
            "INSERT OR IGNORE INTO submissions (digest, kind, data, created_s) VALUES (?, ?, ?, ?)",
            (sha256(data).digest(), submission_kind, data, now_s),
        )

    def open(self) -> list[Submission]:
        """Those without a last word, in the order in which they were decided."""
        rows = self._db.execute("SELECT digest, kind, data, status FROM submissions WHERE closed = 0 ORDER BY id")
        return [Submission(*row) for row in rows]

    def seen(self, digest: bytes, height: int, status: int) -> None:
        """
        A block says what became of it. Applied is the last word. A refusal is, too, except for a light block:
        its number is spent and those after it build on it, so it is offered until the ledger can take it.
        """
        self._db.execute(
            "UPDATE submissions SET height = ?, status = ?, closed = (? OR kind <> ?) WHERE digest = ? AND closed = 0",
            (height, status, status == Status.APPLIED, kind.LIGHT_BLOCK, digest),
        )

    def withdraw(self, digests: list[bytes]) -> None:
        """They were not applied and never will be."""
        self._db.executemany("UPDATE submissions SET closed = 1 WHERE digest = ?", [(digest,) for digest in digests])

    def status_of(self, digest: bytes) -> int | None:
        row = self._db.execute("SELECT status FROM submissions WHERE digest = ?", (digest,)).fetchone()
        return row and row[0]
