"""
Where a reading stands in its light block: what the aggregator alone knows, for whoever wants it proved. With the
ledger's proof of the light block's root it makes a whole (docs/proofs.md; `gridtide ledger prove reading`).
"""

import sqlite3
from pathlib import Path
from typing import Any

from wire import light_block, merkle, message
from wire.cose import open_envelope

from .prune import LEAVES


def places(path: Path, device_id: bytes, window_start_s: int) -> list[dict[str, Any]]:
    """Every sealed reading of a device in a window, with its way to the light block's root. The store may be in use."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        db.execute("BEGIN")
        sealed = db.execute(
            "SELECT DISTINCT light_block FROM readings WHERE device_id = ? AND window_start_s = ?"
            " AND light_block IS NOT NULL ORDER BY light_block",
            (device_id, window_start_s),
        ).fetchall()
        return [place for (number,) in sealed for place in _of_light_block(db, number, device_id, window_start_s)]
    finally:
        db.close()


def _of_light_block(db: sqlite3.Connection, number: int, device_id: bytes, window_start_s: int) -> list[dict[str, Any]]:
    (data,) = db.execute("SELECT data FROM light_blocks WHERE number = ?", (number,)).fetchone()
    block = message.decode(light_block.LAYOUT, open_envelope(data).payload)
    leaves = db.execute(LEAVES, (number, window_start_s)).fetchall()
    readings = [leaf[3] for leaf in leaves]
    if merkle.root(readings) != block.merkle_root:
        return []  # adopted from the ledger after our file was lost: its readings are not all here
    hashes = [merkle.leaf_hash(reading) for reading in readings]
    return [_place(block, hashes, index, leaf[3]) for index, leaf in enumerate(leaves) if leaf[0] == device_id]


def place_of(path: Path, reading: bytes, window_start_s: int) -> dict[str, Any] | None:
    """Where a reading stands that was pruned here and kept by somebody else; None when it was in no light block."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = db.execute(
            "SELECT data, hashes FROM light_blocks JOIN leaf_hashes ON light_block = number WHERE window_start_s = ?",
            (window_start_s,),
        ).fetchall()
    finally:
        db.close()
    for data, kept in rows:
        hashes = [kept[at : at + 32] for at in range(0, len(kept), 32)]
        if merkle.leaf_hash(reading) in hashes:
            block = message.decode(light_block.LAYOUT, open_envelope(data).payload)
            return _place(block, hashes, hashes.index(merkle.leaf_hash(reading)), reading)
    return None


def _place(block: light_block.LightBlock, hashes: list[bytes], index: int, reading: bytes) -> dict[str, Any]:
    return {
        "area_id": block.area_id.hex(),
        "window_start_s": block.window_start_s,
        "part": block.part,
        "reading": reading.hex(),
        "index": index,
        "count": len(hashes),
        "path": [one.hex() for one in merkle.proof_of_hashes(hashes, index)],
    }
