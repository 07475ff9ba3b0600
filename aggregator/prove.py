"""
Where a reading stands in its light block: what the aggregator alone knows, for whoever wants it proved. With the
ledger's proof of the light block's root it makes a whole (docs/proofs.md; `gridtide ledger prove reading`).

Over MQTT a household asks for its own meter's readings, and signs the question; nobody else is answered.
"""

import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

from chain.ed25519 import is_sound, verify
from wire import cose, light_block, merkle, message, reading_ask
from wire.cose import open_envelope
from wire.errors import WireError
from wire.proof import MerklePath
from wire.reading_ask import Answer

from .prune import LEAVES
from .refusal import Refused
from .site import Outgoing, Site


def answer(data: bytes, site: Site) -> list[Outgoing]:
    """The readings asked for (untrusted bytes), each with its way to the root. Raises WireError, Refused not_theirs."""
    envelope = open_envelope(data, reading_ask.SIZE_MAX)
    if envelope.kind != reading_ask.KIND:
        raise WireError("wrong_kind", str(envelope.kind))
    asked = message.decode(reading_ask.LAYOUT, envelope.payload, reading_ask.SIZE_MAX)
    if sha256(asked.public_key).digest()[:8] != envelope.signer_id or not is_sound(asked.public_key):
        raise WireError("unknown_signer")
    cose.check_signature(envelope, asked.public_key, site.network_id, verify)
    if site.store.area.owner_of(asked.device_id) != envelope.signer_id:
        raise Refused("not_theirs", asked.device_id.hex())
    topic = reading_ask.answer_topic_of(site.area_id, asked.asker_id)
    found = _places(site.store.db, asked.device_id, asked.window_start_s)
    return [Outgoing(topic, message.encode(reading_ask.ANSWER_LAYOUT, place)) for place in found]


def places(path: Path, device_id: bytes, window_start_s: int) -> list[dict[str, Any]]:
    """Every sealed reading of a device in a window, with its way to the light block's root. The store may be in use."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        db.execute("BEGIN")
        return [_plain(place) for place in _places(db, device_id, window_start_s)]
    finally:
        db.close()


def _places(db: sqlite3.Connection, device_id: bytes, window_start_s: int) -> list[Answer]:
    sealed = db.execute(
        "SELECT DISTINCT light_block FROM readings WHERE device_id = ? AND window_start_s = ?"
        " AND light_block IS NOT NULL ORDER BY light_block",
        (device_id, window_start_s),
    ).fetchall()
    return [place for (number,) in sealed for place in _of_light_block(db, number, device_id, window_start_s)]


def _of_light_block(db: sqlite3.Connection, number: int, device_id: bytes, window_start_s: int) -> list[Answer]:
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
            return _plain(_place(block, hashes, hashes.index(merkle.leaf_hash(reading)), reading))
    return None


def _place(block: light_block.LightBlock, hashes: list[bytes], index: int, reading: bytes) -> Answer:
    path = MerklePath(index, len(hashes), tuple(merkle.proof_of_hashes(hashes, index)))
    return Answer(block.area_id, block.window_start_s, block.part, reading, path)


def _plain(found: Answer) -> dict[str, Any]:
    return {
        "area_id": found.area_id.hex(),
        "window_start_s": found.window_start_s,
        "part": found.part,
        "reading": found.reading.hex(),
        "index": found.place.index,
        "count": found.place.count,
        "path": [one.hex() for one in found.place.path],
    }
