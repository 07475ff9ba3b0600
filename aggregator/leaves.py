"""
A device's readings in one light block, with the leaves before and after them: what shows to others that these are all
it has in there (wire/evidence.py). Whoever audits an aggregator's store makes an evidence of them.
"""

import sqlite3
from pathlib import Path
from typing import Any

from wire import merkle

from .prune import LEAVES


def leaves_of(path: Path, number: int, device_id: bytes) -> list[dict[str, Any]]:
    """In the order of the tree; empty for no such light block, or none of the device's readings in it."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        block = db.execute("SELECT window_start_s FROM light_blocks WHERE number = ?", (number,)).fetchone()
        rows = db.execute(LEAVES, (number, *block)).fetchall() if block else []
    finally:
        db.close()
    mine = [index for index, row in enumerate(rows) if row[0] == device_id]
    if not mine:
        return []
    hashes = [merkle.leaf_hash(row[3]) for row in rows]
    shown = range(max(0, mine[0] - 1), min(len(rows), mine[-1] + 2))
    return [
        {
            "reading": rows[index][3].hex(),
            "index": index,
            "path": [one.hex() for one in merkle.proof_of_hashes(hashes, index)],
        }
        for index in shown
    ]
