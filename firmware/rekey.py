"""
A change of this device's key. The next key is made here; the one until now signs the Rotation
that says so, and stays in use until the aggregator says that the ledger has it: nothing is
ever signed with a key that nobody knows.

Power may fail at any write. The next key and its announcement are one file. The aggregator's
KeyNotice is on the flash before the key is: at the next start it tells which key is in use.
"""

import os

import ed25519
from provisioning import KEY, NEXT, NOTICE, REQUEST, new_seed, read, write

from wire import cose, key_notice, message, rotation

_SEED_SIZE = 32


def settle():
    """At start, before the key is read: begin a change that was asked for, or end one that was cut."""
    names = os.listdir("state")
    if NEXT not in names:
        from config import read as read_config
        from identity import Identity

        own = read_config()
        # The clock is not set so early: made_s is 0.
        begin(Identity(own), own.network_id, 0)
    else:
        said = read("state/" + NOTICE)
        seed = (read("state/" + NEXT) or b"")[:_SEED_SIZE]
        if said and _notice(said).public_key == ed25519.public_key(seed):
            _switch(seed)
    if REQUEST in names:
        os.remove("state/" + REQUEST)


def _notice(said):
    payload = cose.open_envelope(said, key_notice.SIZE_MAX).payload
    return message.decode(key_notice.LAYOUT, payload, key_notice.SIZE_MAX)


def announcement():
    """The Rotation (bytes) that waits for the ledger, or None."""
    kept = read("state/" + NEXT)
    return kept[_SEED_SIZE:] if kept else None


def begin(identity, network_id, made_s):
    """Make the next key, unless there is one. Returns its announcement: bytes, on the flash."""
    signed = announcement()
    if not signed:
        seed = new_seed()
        signer = ed25519.Signer(seed)
        own_id, public_key = identity.device_id, signer.public_key
        proof = signer.sign(rotation.possession(network_id, own_id, public_key))
        signed = identity.seal(rotation.KIND, rotation.LAYOUT, (made_s, own_id, public_key, proof))
        write("state/" + NEXT, seed + signed)
    return signed


def finish(said):
    """Take a KeyNotice (bytes, verified). When the next key is in force it is used from now on: returns its seed."""
    kept = read("state/" + NEXT)
    seed = kept[:_SEED_SIZE] if kept else b""
    if not seed or ed25519.public_key(seed) != _notice(said).public_key:
        return None
    write("state/" + NOTICE, said)
    _switch(seed)
    return seed


def _switch(seed):
    write(KEY, seed)
    os.remove("state/" + NEXT)
