"""
What this light node has of the ledger: every header it followed with its area's part of
the block, as sent, and what they say of its devices and their loads.
"""

import sqlite3

from .follow import Head
from .registry import Device


class AreaStore:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def head(self) -> Head:
        row = self._db.execute("SELECT height, hash FROM area_blocks ORDER BY height DESC LIMIT 1").fetchone()
        return Head(0, bytes(32)) if row is None else Head(*row)

    def add_part(self, head: Head, interval: int, data: bytes) -> None:
        """The next area block, as it was sent."""
        self._db.execute("INSERT INTO area_blocks VALUES (?, ?, ?, ?)", (*head, interval, data))

    def part(self, height: int) -> bytes | None:
        row = self._db.execute("SELECT data FROM area_blocks WHERE height = ?", (height,)).fetchone()
        return None if row is None else row[0]

    def drop_before(self, interval: int) -> None:
        """Drop the parts of older market intervals; never the last one, on which the next follows."""
        self._db.execute(
            "DELETE FROM area_blocks WHERE interval < ? AND height < (SELECT max(height) FROM area_blocks)", (interval,)
        )

    def devices(self) -> dict[bytes, Device]:
        return {row[0]: Device(*row[1:]) for row in self._db.execute("SELECT device_id, role, public_key FROM devices")}

    def add_device(self, device_id: bytes, device: Device) -> None:
        self._db.execute("INSERT OR REPLACE INTO devices VALUES (?, ?, ?)", (device_id, *device))

    def owner_of(self, device_id: bytes) -> bytes | None:
        """The user a meter was registered for."""
        row = self._db.execute("SELECT owner_id FROM owners WHERE device_id = ?", (device_id,)).fetchone()
        return None if row is None else row[0]

    def set_owner(self, device_id: bytes, owner_id: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO owners VALUES (?, ?)", (device_id, owner_id))

    def loads(self) -> dict[bytes, tuple[int, int]]:
        """device_id -> (contract_id, power_w) of the deferrable load under contract."""
        rows = self._db.execute("SELECT device_id, contract_id, power_w FROM loads ORDER BY contract_id")
        return {device_id: (contract_id, power_w) for device_id, contract_id, power_w in rows}

    def add_load(self, contract_id: int, device_id: bytes, power_w: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO loads VALUES (?, ?, ?)", (contract_id, device_id, power_w))

    def remove_load(self, contract_id: int) -> None:
        self._db.execute("DELETE FROM loads WHERE contract_id = ?", (contract_id,))
