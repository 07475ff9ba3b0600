"""What a store holds, as plain values: for the bench's report and for whoever audits an aggregator."""

import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

from .event_store import exported
from .intake import records_of


def export(path: Path) -> dict[str, Any]:
    """The store at `path`, ids in hex. Opened for reading only; the aggregator may be running."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        db.execute("BEGIN")  # one state of the file for all of it
        return {
            "readings": _readings(db),
            "refused": dict(db.execute("SELECT name, count FROM refused ORDER BY name")),
            "gaps": _gaps(db),
            "evidence": _evidence(db),
            "light_blocks": _light_blocks(db),
            "commands": _commands(db),
            "receipts": _receipts(db),
            "submissions": _submissions(db),
            "events": exported(db),
        }
    finally:
        db.close()


def _readings(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT device_id, boot, sequence, max(data), min(light_block), count(light_block) = count(*), min(billed)"
        " FROM readings GROUP BY device_id, boot, sequence ORDER BY device_id, boot, sequence"
    )
    return [
        {
            "device_id": device_id.hex(),
            "boot": boot,
            "sequence": sequence,
            "sha256": sha256(data).hexdigest(),
            "records": records_of(data),
            "light_block": light_block if is_whole else None,  # the first, of one that lies in several windows
            "billed": bool(billed),
        }
        for device_id, boot, sequence, data, light_block, is_whole, billed in rows
    ]


def _gaps(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT device_id, boot, before, sequence FROM (SELECT device_id, boot, sequence,"
        " lag(sequence) OVER (PARTITION BY device_id, boot ORDER BY sequence) AS before FROM readings"
        " WHERE data IS NOT NULL) WHERE sequence > before + 1 ORDER BY device_id, boot, sequence"
    )
    return [
        {"device_id": device_id.hex(), "boot": boot, "first_sequence": before + 1, "last_sequence": sequence - 1}
        for device_id, boot, before, sequence in rows
    ]


def _evidence(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute("SELECT device_id, boot, sequence, data FROM evidence ORDER BY device_id, boot, sequence, digest")
    return [
        {"device_id": device_id.hex(), "boot": boot, "sequence": sequence, "data": data.hex()}
        for device_id, boot, sequence, data in rows
    ]


def _light_blocks(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT number, light_blocks.digest, window_start_s, part, height, status FROM light_blocks"
        " LEFT JOIN submissions ON submissions.digest = light_blocks.digest ORDER BY number"
    )
    names = ("number", "sha256", "window_start_s", "part", "height", "status")
    return [dict(zip(names, (row[0], row[1].hex(), *row[2:]), strict=True)) for row in rows]


def _commands(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT device_id, sequence, decision_id, action, value, issued_s, expires_s, receipt FROM commands"
        " ORDER BY device_id, sequence"
    )
    names = ("device_id", "sequence", "decision_id", "action", "value", "issued_s", "expires_s", "receipt")
    return [dict(zip(names, (row[0].hex(), *row[1:7], row[7] and row[7].hex()), strict=True)) for row in rows]


def _receipts(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT device_id, boot, sequence, command_sequence, received_s, data FROM receipts"
        " ORDER BY device_id, boot, sequence"
    )
    names = ("device_id", "boot", "sequence", "command_sequence", "received_s", "data")
    return [dict(zip(names, (row[0].hex(), *row[1:5], row[5].hex()), strict=True)) for row in rows]


def _submissions(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute("SELECT digest, kind, created_s, height, status, closed FROM submissions ORDER BY id")
    names = ("sha256", "kind", "created_s", "height", "status", "closed")
    return [dict(zip(names, (row[0].hex(), *row[1:5], bool(row[5])), strict=True)) for row in rows]
