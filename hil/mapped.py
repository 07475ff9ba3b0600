"""
Starts the wheel's MicroPython in this process, with read-only memory as a board has it:
an argument `rom=FILE` reaches the script as `rom=ADDRESS+SIZE`, where the file is mapped.
What lies there is outside MicroPython's heap, as on a board. `slots=FILE`, the ROMFS partition
of a board with two slots, reaches it as `slots=ADDRESS+SIZE=FILE`: what is written to the file shows there.
"""

import ctypes
import mmap
import sys

from micropython_run import run_main


def _map(path: str) -> tuple[mmap.mmap, str]:
    with open(path, "rb") as file:
        rom = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)  # ctypes takes the address of writable memory only
    return rom, f"rom={_place(rom)}"


def _map_slots(path: str) -> tuple[mmap.mmap, str]:
    with open(path, "r+b") as file:
        slots = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_WRITE)
    return slots, f"slots={_place(slots)}={path}"


def _place(memory: mmap.mmap) -> str:
    return f"{ctypes.addressof(ctypes.c_char.from_buffer(memory))}+{len(memory)}"


_roms = []  # kept: a mapping ends with its object
for _at, _argument in enumerate(sys.argv):
    if _argument.startswith("rom="):
        _rom, sys.argv[_at] = _map(_argument[4:])
        _roms.append(_rom)
    elif _argument.startswith("slots="):
        _rom, sys.argv[_at] = _map_slots(_argument[6:])
        _roms.append(_rom)
sys.exit(run_main(sys.argv))
