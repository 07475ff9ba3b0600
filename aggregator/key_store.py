"""
Keys that count no more, as this light node learned of them from blocks: whose readings from
before are still taken, and who takes part no more.
"""

import sqlite3

from .registry import Device, Former

SCHEMA = """
CREATE TABLE IF NOT EXISTS former_keys (device_id BLOB PRIMARY KEY, public_key BLOB, until_s INTEGER);
CREATE TABLE IF NOT EXISTS key_heights (device_id BLOB PRIMARY KEY, height INTEGER);
CREATE TABLE IF NOT EXISTS revoked (device_id BLOB PRIMARY KEY, role INTEGER, public_key BLOB, height INTEGER);
"""


class KeyStore:
    def __init__(self, db: sqlite3.Connection) -> None:
        db.executescript(SCHEMA)
        self._db = db

    def former(self) -> dict[bytes, Former]:
        rows = self._db.execute("SELECT device_id, public_key, until_s FROM former_keys")
        return {device_id: Former(public_key, until_s) for device_id, public_key, until_s in rows}

    def revoked(self) -> dict[bytes, Device]:
        rows = self._db.execute("SELECT device_id, role, public_key FROM revoked")
        return {row[0]: Device(*row[1:]) for row in rows}

    def heights(self) -> dict[bytes, int]:
        """In which block the key of each device changed last, for those whose key ever did."""
        return dict(self._db.execute("SELECT device_id, height FROM key_heights ORDER BY device_id").fetchall())

    def rotate(self, device_id: bytes, former: Former | None, public_key: bytes, height: int) -> None:
        """A device's next key. former: the key before, while readings under it are still taken."""
        self._db.execute("UPDATE devices SET public_key = ? WHERE device_id = ?", (public_key, device_id))
        self._db.execute("DELETE FROM former_keys WHERE device_id = ?", (device_id,))
        self._db.execute("INSERT OR REPLACE INTO key_heights VALUES (?, ?)", (device_id, height))
        if former is not None:
            self._db.execute("INSERT INTO former_keys VALUES (?, ?, ?)", (device_id, *former))

    def close(self, device_id: bytes, until_s: int) -> None:
        """It uses its present key: the one before ends where that began."""
        self._db.execute("UPDATE former_keys SET until_s = ? WHERE device_id = ?", (until_s, device_id))

    def revoke(self, device_id: bytes, device: Device, height: int) -> None:
        self._db.execute("DELETE FROM devices WHERE device_id = ?", (device_id,))
        self._db.execute("DELETE FROM former_keys WHERE device_id = ?", (device_id,))
        self._db.execute("INSERT OR REPLACE INTO revoked VALUES (?, ?, ?, ?)", (device_id, *device, height))
