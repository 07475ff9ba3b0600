"""
Pruning: raw readings go after `keep_days`, the hashes of a light block's leaves stay. So whoever kept a reading (its
household, an auditor) still has it proved, and the store grows by 32 bytes a reading and not by 300.

Only what the ledger has applied is touched, and never a device's last reading. A pruned reading that is sent again is
older than intake bills (intake.PAST_S_MAX): it is kept and acknowledged like any other, and counts for nothing.
"""

import sqlite3

from chain.status import Status
from wire import merkle
from wire.cose import open_envelope
from wire.light_block import LAYOUT
from wire.message import decode

DAY_S = 86_400
KEEP_DAYS_MIN = 2  # more than intake.PAST_S_MAX

SCHEMA = "CREATE TABLE IF NOT EXISTS leaf_hashes (light_block INTEGER PRIMARY KEY, hashes BLOB NOT NULL)"

# The leaves of a light block, in its order; a reading's bytes stand in the row of its first window.
LEAVES = (
    "SELECT device_id, boot, sequence, coalesce(data, (SELECT data FROM readings AS first"
    " WHERE first.device_id = part.device_id AND first.boot = part.boot AND first.sequence = part.sequence"
    " AND first.data IS NOT NULL)) FROM readings AS part WHERE light_block = ? AND window_start_s = ?"
    " ORDER BY device_id, boot, sequence"
)
_DUE = (
    "SELECT number, window_start_s, light_blocks.data FROM light_blocks"
    " JOIN submissions ON submissions.digest = light_blocks.digest"
    " WHERE window_start_s < ? AND status = ? AND number NOT IN (SELECT light_block FROM leaf_hashes)"
    " ORDER BY number LIMIT ?"
)
# Whole readings: every window old, each in a light block whose hashes are kept or billed to nobody; not the last one.
_DELETE = (
    "DELETE FROM readings WHERE window_start_s < :before AND NOT EXISTS (SELECT 1 FROM readings AS part"
    " WHERE part.device_id = readings.device_id AND part.boot = readings.boot AND part.sequence = readings.sequence"
    " AND (part.window_start_s >= :before OR (part.light_block IS NULL AND part.billed = 1)"
    " OR (part.light_block IS NOT NULL AND part.light_block NOT IN (SELECT light_block FROM leaf_hashes))))"
    " AND EXISTS (SELECT 1 FROM readings AS later WHERE later.device_id = readings.device_id"
    " AND (later.boot, later.sequence) > (readings.boot, readings.sequence))"
)


def prune(db: sqlite3.Connection, before_s: int, blocks_max: int = 256) -> int:
    """Keep the hashes of light blocks of windows before `before_s`, drop their readings; inside a transaction."""
    for number, window_start_s, data in db.execute(_DUE, (before_s, Status.APPLIED, blocks_max)).fetchall():
        readings = [leaf[3] for leaf in db.execute(LEAVES, (number, window_start_s))]
        if merkle.root(readings) == decode(LAYOUT, open_envelope(data).payload).merkle_root:
            hashes = b"".join(map(merkle.leaf_hash, readings))
            db.execute("INSERT INTO leaf_hashes VALUES (?, ?)", (number, hashes))
    return db.execute(_DELETE, {"before": before_s}).rowcount


def before_s(now_s: float, keep_days: int) -> int:
    """The first instant of what is kept."""
    return int(now_s) - keep_days * DAY_S
