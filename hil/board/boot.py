"""
Start script of an emulated board, as `_boot.py` is on the ESP32 port: mounts the flash
as the working directory and runs main.py.

micropython boot.py DESCRIPTOR FLASH_IMAGE MAC RESET_CAUSE MAIN.PY [PATH ...] [rom=ROM ...] [slots=SLOTS]

DESCRIPTOR is the inherited control channel, MAC twelve hex digits, PATH what stands on
sys.path beside the folder of MAIN.PY. ROM is a ROMFS image, as ADDRESS+SIZE where it is
mapped or as a file; the first is the device tree, mounted as /rom, the second the
emulated modules. A board with SLOTS, the file of its ROMFS partition, has only the second: what
it runs is for MAIN.PY on its own flash to choose. `python -m hil.one` starts a board by hand.
"""

import sys

_, descriptor, image, mac, cause, main, *paths = sys.argv
roms = [path[4:] for path in paths if path.startswith("rom=")]
slots = [path[6:] for path in paths if path.startswith("slots=")]
paths = [path for path in paths if "=" not in path]
sys.path[:] = [sys.path[0], ".frozen"]
if roms:
    import uctypes
    import vfs

    for place, rom in zip(("/board",) if slots else ("/rom", "/board"), roms):
        address, _, size = rom.partition("+")
        if size:
            memory = uctypes.bytearray_at(int(address), int(size))
        else:
            with open(rom, "rb") as file:
                memory = file.read()
        vfs.mount(vfs.VfsRom(memory), place)
    sys.path[0] = "/board"
import board_channel as bench  # noqa: E402

bench.open_channel(int(descriptor), bytes.fromhex(mac))
bench.reset_cause = int(cause)

import os  # noqa: E402
import select  # noqa: E402, F401
import socket  # noqa: E402, F401

import board_gc  # noqa: E402
import board_tasks  # noqa: E402
import esp32  # noqa: E402
import espnow  # noqa: E402, F401
import machine  # noqa: E402, F401
import network  # noqa: E402, F401
import vfs  # noqa: E402

sys.modules["_asyncio"] = board_tasks
sys.modules["gc"] = board_gc
board_gc.begin()
esp32.set_image(image)
if slots:
    import board_rom

    board_rom.set_slots(slots[0])
vfs.mount(vfs.VfsLfs2(esp32.Partition()), "/flash")
os.chdir("/flash")
sys.path[1:1] = [main.rsplit("/", 1)[0]] + paths
sys.argv[:] = []
execfile(main, {"__name__": "__main__"})  # noqa: F821
