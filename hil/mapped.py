"""
Starts the wheel's MicroPython in this process, with read-only memory as a board has it:
an argument `rom=FILE` reaches the script as `rom=ADDRESS+SIZE`, where the file is mapped.
What lies there is outside MicroPython's heap, as on a board.
"""

import ctypes
import mmap
import sys

from micropython_run import run_main


def _map(path: str) -> tuple[mmap.mmap, str]:
    with open(path, "rb") as file:
        rom = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)  # ctypes takes the address of writable memory only
    return rom, f"rom={ctypes.addressof(ctypes.c_char.from_buffer(rom))}+{len(rom)}"


_roms = []  # kept: a mapping ends with its object
for _at, _argument in enumerate(sys.argv):
    if _argument.startswith("rom="):
        _rom, sys.argv[_at] = _map(_argument[4:])
        _roms.append(_rom)
sys.exit(run_main(sys.argv))
