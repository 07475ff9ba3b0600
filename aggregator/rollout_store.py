"""
How far each device is on its way to a version, so that an aggregator that is started anew
goes on where it stopped: whoever went back counts as a failure still.
"""

import sqlite3
from collections.abc import Mapping

from .ota import Progress

SCHEMA = """
CREATE TABLE IF NOT EXISTS rollouts (
    version INTEGER, device_id BLOB, state TEXT, since_s INTEGER, reason INTEGER,
    PRIMARY KEY (version, device_id)) WITHOUT ROWID;
"""


class RolloutStore:
    def __init__(self, db: sqlite3.Connection) -> None:
        db.executescript(SCHEMA)
        self._db = db

    def load(self, version: int) -> dict[bytes, Progress]:
        """What was kept of the rollout of this version; empty before it began."""
        rows = self._db.execute("SELECT device_id, state, since_s, reason FROM rollouts WHERE version = ?", (version,))
        return {device: Progress(state, since_s, reason=reason) for device, state, since_s, reason in rows}

    def keep(self, version: int, changed: Mapping[bytes, Progress]) -> None:
        """Inside a transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO rollouts VALUES (?, ?, ?, ?, ?)",
            [(version, device, one.state, one.since_s, one.reason) for device, one in changed.items()],
        )
