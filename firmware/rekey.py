"""
A change of this device's key. The next key is made here; the one until now signs the
Rotation that says so, and is then forgotten. What was signed before is offered as it was.

Power may fail at any write. The next key and its announcement are one file, so nothing is
lost with half of them; all after it can be done again from that file. From the switch on
the announcement is said until something under the new key has been acknowledged.
"""

import os

import config
import ed25519
from identity import Identity
from provisioning import ANNOUNCEMENT, KEY, NEXT, REQUEST, new_seed, read, write

from wire import rotation

_SEED_SIZE = 32


def settle():
    """At start, before the key is read: begin a change that was asked for, or end one that was cut."""
    has = os.listdir("state")
    if NEXT not in has and REQUEST in has and ANNOUNCEMENT not in has:
        seed = new_seed()
        write("state/" + NEXT, seed + _announcement(seed))
        has.append(NEXT)
    if NEXT in has:
        _switch(has)


def _announcement(seed):
    own = config.read()
    # The clock is not set so early: made_s is 0.
    fields = (0, own.device_id, ed25519.public_key(seed))
    return Identity(own).seal(rotation.KIND, rotation.LAYOUT, fields)


def _switch(has):
    kept = read("state/" + NEXT) or b""
    write("state/" + ANNOUNCEMENT, kept[_SEED_SIZE:])
    write(KEY, kept[:_SEED_SIZE])
    # The request goes first: left alone, it would ask for one key more.
    if REQUEST in has:
        os.remove("state/" + REQUEST)
    os.remove("state/" + NEXT)
