"""
The KeyBook holds what this device was told of keys after it was provisioned: others' keys that
changed. It goes before config.json. Imported when a KeyNotice comes, and at the start when there
is a book.
"""

import json
from binascii import hexlify, unhexlify
from hashlib import sha256

import ed25519
from provisioning import OTHERS, read, write

from wire import cose, key_notice, message
from wire.errors import WireError

_PATH = "state/" + OTHERS


def _book():
    kept = read(_PATH)
    return json.loads(kept) if kept else {}


def overlay(table):
    """Put the keys that changed into `table` (config.json, decoded)."""
    for name, (_, public_key) in _book().items():
        if name == table["area_id"]:
            table["aggregator_public_key"] = public_key
        for peer in [table.get("mlmd") or {}] + table.get("meters", []) + table.get("peers", []):
            if peer.get("id") == name:
                peer["public_key"] = public_key


def take(device, frame):
    """Take a KeyNotice (untrusted bytes). Returns whether it was news. Raises WireError."""
    envelope = cose.open_envelope(frame, key_notice.SIZE_MAX)
    if envelope.kind != key_notice.KIND:
        raise WireError("wrong_kind", str(envelope.kind))
    said = message.decode(key_notice.LAYOUT, envelope.payload, key_notice.SIZE_MAX)
    if said.subject_id == device.identity.device_id:
        return _take_own(device, frame)
    name, book = hexlify(said.subject_id).decode(), _book()
    known = [keys for keys in device.keys if said.subject_id in keys]
    if not known or said.number <= book.get(name, (-1,))[0]:
        return False
    if said.subject_id == device.identity.area_id:
        _check_operators(envelope)
        device.forget_commands()  # its numbers are the new aggregator's to give
    else:
        _open(device, frame)
    book[name] = said.number, hexlify(said.public_key).decode()
    write(_PATH, json.dumps(book).encode())
    for keys in known:
        keys[said.subject_id] = said.public_key
    return True


def _open(device, frame):
    device.identity.open_of_aggregator(key_notice.KIND, key_notice.LAYOUT, frame, key_notice.SIZE_MAX)


# One that says nothing new is not worth a verification.
def _take_own(device, frame):
    import rekey

    if not device.announcement:
        return False
    _open(device, frame)
    seed = rekey.finish(frame)
    if not seed:
        return False
    device.identity.use(seed)
    device.announcement = b""
    device.notice = frame
    return True


# Who operates the network stands in config.json alone: no aggregator can name its own successor.
def _check_operators(envelope):
    with open("config.json") as file:
        table = json.load(file)
    public_key = unhexlify(table.get("operator_public_key", ""))
    if envelope.signer_id != sha256(public_key).digest()[:8]:
        raise WireError("unknown_signer")
    cose.check_signature(envelope, public_key, unhexlify(table["network_id"]), ed25519.verify)
