"""
Where a reading stands in its light block: what the aggregator alone knows, for whoever wants it proved. With the
ledger's proof of the light block's root it makes a whole (docs/proofs.md; `gridtide ledger prove reading`).
"""

import sqlite3
from pathlib import Path
from typing import Any

from wire import light_block, merkle, message
from wire.cose import open_envelope

# The leaves of a light block, in its order; a reading's bytes stand in the row of its first window.
_LEAVES = (
    "SELECT device_id, boot, sequence, coalesce(data, (SELECT data FROM readings AS first"
    " WHERE first.device_id = part.device_id AND first.boot = part.boot AND first.sequence = part.sequence"
    " AND first.data IS NOT NULL)) FROM readings AS part WHERE light_block = ? AND window_start_s = ?"
    " ORDER BY device_id, boot, sequence"
)


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
    leaves = db.execute(_LEAVES, (number, window_start_s)).fetchall()
    readings = [leaf[3] for leaf in leaves]
    if merkle.root(readings) != block.merkle_root:
        return []  # adopted from the ledger after our file was lost: its readings are not all here
    return [
        {
            "area_id": block.area_id.hex(),
            "window_start_s": window_start_s,
            "part": block.part,
            "reading": leaf[3].hex(),
            "index": index,
            "count": len(readings),
            "path": [one.hex() for one in merkle.proof(readings, index)],
        }
        for index, leaf in enumerate(leaves)
        if leaf[0] == device_id
    ]
