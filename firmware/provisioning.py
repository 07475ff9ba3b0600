"""
Provisioning is how a board gets its key: made here, from the chip's own noise, and never
shown to anybody. `gridtide provision` calls `public_key()` over the serial line and is told
the public half; whoever wants a registration signed gets no more than that.
"""

import os
from binascii import hexlify

import ed25519

KEY = "key.bin"
_SEED_SIZE = 32


# The ESP32's generator is seeded by noise of its radio: without one it would only be pseudo-random.
def new_seed():
    """32 bytes that nobody else knows."""
    import network

    station = network.WLAN(network.WLAN.IF_STA)
    was_active = station.active()
    station.active(True)
    seed = os.urandom(_SEED_SIZE)
    station.active(was_active)
    return seed


def write(path, data):
    """Write a file so that after a power cut there is the old one or the new one, whole."""
    beside = path + ".new"
    with open(beside, "wb") as file:
        file.write(data)
    os.rename(beside, path)


def read(path):
    """The bytes of a file, or None when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def public_key():
    """This device's public key in hex; its secret key is made first when there is none."""
    seed = read(KEY)
    if seed is None or len(seed) != _SEED_SIZE:
        seed = new_seed()
        write(KEY, seed)
    return hexlify(ed25519.public_key(seed)).decode()


def change_key():
    """Ask for another key; the device makes it when it starts next, and announces it itself."""
    try:
        os.mkdir("state")
    except OSError:
        os.listdir("state")  # raises when there is no directory for another reason
    write("state/" + REQUEST, b"")


# What changes of keys leave in state/: rekey.py, key_book.py.
REQUEST = "rekey"
NEXT = "next_key"
NOTICE = "key_notice"  # that this device's present key is in force
OTHERS = "keys"  # of others, since they changed
