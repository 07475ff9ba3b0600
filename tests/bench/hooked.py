"""
Runs a program with some C functions that MicroPython imports replaced:

    python hooked.py PROGRAM.py ARGUMENTS

The wheel is an ELF file whose calls go through a table; entries are pointed at us before the program begins.

COUNTED_MALLOC=FOLDER: malloc, calloc and free are counted, to the byte. mbedTLS takes its memory there, outside
MicroPython's heap. What is allocated, and its peak, stand in a file of this process in the folder.

BOARD_CLOCK_S=SECONDS: time() is this, since 1970, as on a board whose clock nobody has set (946684800).
"""

import ctypes
import mmap
import os
import runpy
import struct
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# As large as MicroPython's heap, which is one block, and larger than anything of mbedTLS.
OWN_HEAP_MIN = 65536
LAYOUT = "<QQ"  # bytes now, at most

_LOAD, _DYNAMIC = 1, 2  # of program headers
_STRINGS, _SYMBOLS, _CALLS_SIZE, _CALLS = 5, 6, 2, 23  # of the dynamic section


def command() -> list[str]:
    """What starts the interpreter, hooked; hil.interpreter.command of a bench that measures."""
    mapped = Path(__file__).parents[2] / "hil" / "mapped.py"
    return [sys.executable, "-I", __file__, str(mapped)]


def slots(elf: bytes) -> dict[str, int]:
    """Where the addresses of imported functions stand, from the beginning of the mapped file. ELF 64, little-endian."""
    (table,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    headers = [struct.unpack_from("<IIQQQQ", elf, table + size * number) for number in range(count)]
    loads = [(address, address + length, offset) for kind, _, offset, address, _, length in headers if kind == _LOAD]

    def place(address: int) -> int:
        return next(offset + address - begin for begin, end, offset in loads if begin <= address < end)

    ((start, length),) = [(offset, length) for kind, _, offset, _, _, length in headers if kind == _DYNAMIC]
    told = dict(struct.iter_unpack("<QQ", elf[start : start + length]))
    strings, symbols, calls = (place(told[key]) for key in (_STRINGS, _SYMBOLS, _CALLS))
    found = {}
    for slot, info, _ in struct.iter_unpack("<QQq", elf[calls : calls + told[_CALLS_SIZE]]):
        (name,) = struct.unpack_from("<I", elf, symbols + 24 * (info >> 32))
        found[elf[strings + name : elf.index(b"\0", strings + name)].decode()] = slot
    return found


class Counter:
    def __init__(self, page: mmap.mmap) -> None:
        self._page = page
        self._sizes: dict[int, int] = {}
        self._now = self._most = 0
        libc = ctypes.CDLL(None)
        size, address = ctypes.c_size_t, ctypes.c_void_p
        self._malloc = ctypes.CFUNCTYPE(address, size)(("malloc", libc))
        self._calloc = ctypes.CFUNCTYPE(address, size, size)(("calloc", libc))
        self._free = ctypes.CFUNCTYPE(None, address)(("free", libc))
        self.hooks = {
            "malloc": type(self._malloc)(lambda size: self._took(self._malloc(size), size)),
            "calloc": type(self._calloc)(lambda count, size: self._took(self._calloc(count, size), count * size)),
            "free": type(self._free)(self._gave),
        }

    def _took(self, address: int | None, size: int) -> int | None:
        if address and size < OWN_HEAP_MIN:
            self._sizes[address] = size
            self._now += size
            self._most = max(self._most, self._now)
            struct.pack_into(LAYOUT, self._page, 0, self._now, self._most)
        return address

    def _gave(self, address: int | None) -> None:
        self._now -= self._sizes.pop(address or 0, 0)
        struct.pack_into(LAYOUT, self._page, 0, self._now, self._most)
        self._free(address)


def _base(path: Path) -> int:
    """Where the file's beginning is mapped."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, _, offset, *_, name = line.split(maxsplit=5)
        if name == str(path) and int(offset, 16) == 0:
            return int(place.split("-")[0], 16)
    raise RuntimeError(f"{path} is not mapped")


def _counted(folder: Path) -> dict[str, Any]:
    path = folder / str(os.getpid())
    path.write_bytes(bytes(struct.calcsize(LAYOUT)))
    with path.open("r+b") as file:
        return Counter(mmap.mmap(file.fileno(), 0)).hooks


def _stopped_clock(now_s: int) -> dict[str, Any]:
    def tell(place: int | None) -> int:
        if place:
            ctypes.c_long.from_address(place).value = now_s
        return now_s

    return {"time": ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)(tell)}


def run(program: str, hooks: Mapping[str, Any]) -> None:
    spec = find_spec("micropython_run")
    assert spec and spec.origin
    __import__("micropython_run")
    path = Path(spec.origin).resolve()
    table, base = slots(path.read_bytes()), _base(path)
    entries = {name: ctypes.c_void_p.from_address(base + table[name]) for name in hooks}
    before = {name: entry.value for name, entry in entries.items()}
    for name, hook in hooks.items():
        entries[name].value = ctypes.cast(hook, ctypes.c_void_p).value
    try:
        runpy.run_path(program, run_name="__main__")
    finally:  # Python ends before the library does, and nobody would answer
        for name, entry in entries.items():
            entry.value = before[name]


if __name__ == "__main__":
    _hooks: dict[str, Any] = {}
    if "COUNTED_MALLOC" in os.environ:
        _hooks |= _counted(Path(os.environ["COUNTED_MALLOC"]))
    if "BOARD_CLOCK_S" in os.environ:
        _hooks |= _stopped_clock(int(os.environ["BOARD_CLOCK_S"]))
    sys.argv = sys.argv[1:]
    run(sys.argv[0], _hooks)
