"""
Writes the test vectors of the wire: `python -m tests.wire.make_vectors`.

Made with cbor2 and PyNaCl alone: nothing of `wire/` takes part, so a fault there cannot
hide in its own vectors.
"""

import hashlib
import json
from pathlib import Path

import cbor2

from tests.wire import vector_faults, vector_messages
from tests.wire.sealing import IDS, KEYS, NETWORK_ID, array, seal

FOLDER = Path(__file__).with_name("vectors")


def in_hex(value):
    """The same with byte strings as hex, for JSON."""
    if isinstance(value, dict):
        return {name: in_hex(field) for name, field in value.items()}
    if isinstance(value, list):
        return [in_hex(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def sealed(message) -> bytes:
    _, _, typ, signer, fields = message
    return seal(signer, typ, cbor2.dumps(array(fields), canonical=True))


def merkle_root(left: bytes, right: bytes) -> bytes:
    """Over two leaves (RFC 9162, 2.1.1)."""
    leaves = [hashlib.sha256(b"\0" + leaf).digest() for leaf in (left, right)]
    return hashlib.sha256(b"\1" + leaves[0] + leaves[1]).digest()


def messages() -> list:
    ids = IDS | {"meter key": bytes(KEYS["meter"].verify_key)}
    readings = vector_messages.readings()
    to_devices = vector_messages.to_devices(ids)
    command = next(message for message in to_devices if message[1] == "command")
    digest = hashlib.sha256(sealed(command)).digest()[:8]
    from_devices = vector_messages.from_devices(ids, sealed(readings[0]), digest)
    of_the_ledger = vector_messages.of_the_ledger(ids)
    transactions = [sealed(message) for message in of_the_ledger if message[1] in ("registration", "advance")]
    block = vector_messages.block(ids, transactions, merkle_root(*transactions))
    header = vector_messages.header(merkle_root(*transactions))
    return [*readings, *to_devices, *from_devices, *of_the_ledger, block, header]


def valid() -> dict:
    keys = {
        name: {"seed": bytes(key).hex(), "public_key": bytes(key.verify_key).hex(), "id": IDS[name].hex()}
        for name, key in KEYS.items()
    }
    rows = []
    for message in messages():
        name, kind, typ, signer, fields = message
        payload = cbor2.dumps(array(fields), canonical=True)
        row = {"name": name, "kind": kind, "typ": typ, "signer": signer, "fields": in_hex(fields)}
        rows.append(row | {"payload": payload.hex(), "signed": sealed(message).hex()})
    return {"network_id": NETWORK_ID.hex(), "keys": keys, "messages": rows}


def invalid() -> list:
    rows = [*vector_faults.of_cbor(), *vector_faults.of_envelopes(messages()), *vector_faults.of_messages(messages())]
    return [row | {"data": row["data"].hex()} for row in rows]


def text(vectors) -> str:
    return json.dumps(vectors, indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "valid.json").write_text(text(valid()))
    (FOLDER / "invalid.json").write_text(text(invalid()))
