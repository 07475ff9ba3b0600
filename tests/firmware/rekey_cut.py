"""
A change of keys on a LittleFS whose power fails at every write in turn. Runs on MicroPython:

  micropython -X heapsize=8M rekey_cut.py

After every cut the board starts again: it has one whole key, and what it announces is that
key, signed by the one before, or nothing was begun.
"""

import gc
import json
import os
import sys
from binascii import unhexlify

import vfs


class Station:
    IF_STA = 0

    def __init__(self, _=0):
        pass

    def active(self, *_):
        return True


class network:
    WLAN = Station


sys.modules["network"] = network

import ed25519  # noqa: E402
import provisioning  # noqa: E402
import rekey  # noqa: E402
from flash import Flash, PowerCut  # noqa: E402

from wire import cose, message, rotation  # noqa: E402

BLOCK, BLOCKS = 4096, 24
OWN = {"role": "meter", "name": "m", "board": "b", "network_id": "11" * 8, "area_id": "22" * 8, "device_id": "33" * 8}
OWN.update({"aggregator_public_key": "44" * 32, "mqtt": {"host": "h", "port": 1}, "equipment": {"pzem": {"load": 1}}})


def mount(flash):
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    vfs.umount("/flash")


def new_board():
    """A flash with a config and a key, and its public key."""
    data = bytearray(b"\xff" * (BLOCK * BLOCKS))
    vfs.VfsLfs2.mkfs(Flash(data))
    mount(Flash(data))
    public_key = unhexlify(provisioning.public_key())
    with open("config.json", "w") as file:
        json.dump(OWN, file)
    os.mkdir("state")
    unmount()
    return data, public_key


# One life: asks for a change unless one is under way or done, then starts. Whether the power held.
def live(data, left):
    flash = Flash(data, left)
    try:
        mount(flash)
        if "rotation" not in os.listdir("state"):
            provisioning.change_key()
        rekey.settle()
        return True
    except (PowerCut, OSError):
        assert flash.is_dead
        return False
    finally:
        unmount()


# The board after a cut, before it is asked anew.
def check(data, first):
    mount(Flash(data))
    rekey.settle()
    names = os.listdir("state")
    assert "next_key" not in names and not ("rotation" in names and "rekey" in names)
    with open("key.bin", "rb") as file:
        seed = file.read()
    assert len(seed) == 32
    public_key = ed25519.public_key(seed)
    if "rotation" in names:
        with open("state/rotation", "rb") as file:
            said = file.read()
        envelope = cose.open_envelope(said)
        cose.check_signature(envelope, first, unhexlify(OWN["network_id"]), ed25519.verify)
        assert message.decode(rotation.LAYOUT, envelope.payload).public_key == public_key != first
    else:
        assert public_key == first, "a key nobody heard of"
    unmount()
    return "rotation" in names


def play():
    left, changed = 1, 0
    data, first = new_board()
    kept = bytes(data)
    while True:
        data = bytearray(kept)
        if live(data, left):
            break
        changed += check(data, first)
        assert live(data, -1) and check(data, first), "it does not go on"
        left += 1
        gc.collect()
    print(left - 1, "cuts,", changed, "with the new key at the next start")


play()
