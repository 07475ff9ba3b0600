"""
Reads a device's flash after power-off and prints what it signed and counted:
micropython read_image.py FIRMWARE IMAGE ...  one JSON line per image.

The firmware's own outbox knows how its readings lie on the flash.
"""

import sys

firmware, *images = sys.argv[1:]
sys.path[:] = [sys.path[0], firmware, ".frozen"]
import hashlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
from binascii import hexlify  # noqa: E402

import board_channel  # noqa: E402
import esp32  # noqa: E402
import outbox  # noqa: E402
import vfs  # noqa: E402

_OUTBOX = "state/outbox"
_COUNTERS = "state/counters.json"


def signed():
    readings = []
    for name in sorted([name for name in os.listdir(_OUTBOX) if name.isdigit()], key=int):
        with open(_OUTBOX + "/" + name, "rb") as file:
            found, _ = outbox.entries(file.read())
        for _, entry in found:
            digest = hexlify(hashlib.sha256(entry.signed).digest()).decode()
            readings.append({"boot": entry.boot, "sequence": entry.sequence, "sha256": digest})
    return readings


def counters():
    with open(_COUNTERS) as file:
        return json.load(file)


for image in images:
    esp32.set_image(image)
    vfs.mount(vfs.VfsLfs2(esp32.Partition()), "/flash")
    os.chdir("/flash")
    print(json.dumps({"signed": signed(), "counters": counters()}))
    os.chdir("/")
    vfs.umount("/flash")
    board_channel.forget()
