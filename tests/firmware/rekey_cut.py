"""
A change of keys on a LittleFS whose power fails at every write in turn. Runs on MicroPython:

  micropython -X heapsize=8M rekey_cut.py

A life: the board starts, is asked over the air for another key, announces it, and hears from
the aggregator that the ledger has it. After every cut it starts again, and must sign with a key
that the ledger takes: the first one, as long as no announcement left the board; either, until
the notice was told; the new one once it said so with a reading.
"""

import gc
import json
import os
import sys
from binascii import hexlify, unhexlify

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

import config  # noqa: E402
import ed25519  # noqa: E402
import key_book  # noqa: E402
import provisioning  # noqa: E402
import rekey  # noqa: E402
from flash import Flash, PowerCut  # noqa: E402
from identity import Identity  # noqa: E402

from wire import cose, key_notice, message, rotation  # noqa: E402

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


AGGREGATOR = ed25519.Signer(b"a" * 32)
OWN["aggregator_public_key"] = hexlify(AGGREGATOR.public_key).decode()


# What the firmware does of a device's life with its key, as device.py does it.
class Board:
    def __init__(self):
        if [name for name in os.listdir("state") if name in ("rekey", "next_key")]:
            rekey.settle()
        own = config.read()
        self.public_key = ed25519.public_key(own.seed)
        self.network_id = own.network_id
        self.identity = Identity(own)
        self.announcement = rekey.announcement()
        self.notice = None
        self.keys = [self.identity.keys]


class Ledger:
    def __init__(self, first):
        self.keys = [first]
        self.is_confirmed = False

    # A Rotation comes in; the notice goes out. What it knows already it says again.
    def take(self, data):
        envelope = cose.open_envelope(data)
        wanted = message.decode(rotation.LAYOUT, envelope.payload)
        if wanted.public_key != self.keys[-1]:
            cose.check_signature(envelope, self.keys[-1], NETWORK, ed25519.verify)
            said = rotation.possession(NETWORK, wanted.subject_id, wanted.public_key)
            assert ed25519.verify(wanted.public_key, said, wanted.proof)
            self.keys.append(wanted.public_key)
        fields = (len(self.keys), wanted.subject_id, wanted.public_key)
        return message.seal(key_notice.KIND, key_notice.LAYOUT, fields, unhexlify("22" * 8), NETWORK, AGGREGATOR.sign)

    # Something signed comes in. A former key is taken until the next one was used, and never after.
    def hear(self, public_key):
        assert public_key in (self.keys if not self.is_confirmed else self.keys[-1:]), "a key that does not count"
        self.is_confirmed = len(self.keys) > 1 and public_key == self.keys[-1]


NETWORK = unhexlify(OWN["network_id"])


# One life, by radio or, when it was asked so, from its start. Whether the power held.
def live(data, left, ledger, by_wire):
    flash = Flash(data, left)
    try:
        mount(flash)
        if by_wire and len(ledger.keys) == 1 and "next_key" not in os.listdir("state"):
            provisioning.change_key()
        board = Board()
        ledger.hear(board.public_key)
        if len(ledger.keys) == 1:
            board.announcement = rekey.begin(board.identity, board.network_id, 7)
        if board.announcement:
            ledger.hear(board.public_key)  # the key before is in use until the notice comes
            assert key_book.take(board, ledger.take(board.announcement))
            board.public_key = ledger.keys[-1]
        return True
    except (PowerCut, OSError):
        assert flash.is_dead
        return False
    finally:
        unmount()


def check(data, ledger):
    mount(Flash(data))
    assert Board().public_key == ledger.keys[-1]
    names = os.listdir("state")
    assert "next_key" not in names and "rekey" not in names
    unmount()


def play(by_wire):
    left, cuts = 1, []
    data, first = new_board()
    kept = bytes(data)
    while True:
        data, ledger = bytearray(kept), Ledger(first)
        if live(data, left, ledger, by_wire):
            break
        cuts.append(len(ledger.keys))
        # It starts again, and once more after a cut at the same place of its second life.
        if not live(data, left, ledger, by_wire):
            assert live(data, -1, ledger, by_wire), "it does not go on"
        assert live(data, -1, ledger, by_wire) and len(ledger.keys) == 2, "another key than was asked for"
        check(data, ledger)
        left += 1
        gc.collect()
    print(len(cuts), "cuts,", cuts.count(2), "when the ledger had the next key")


play(False)
play(True)
