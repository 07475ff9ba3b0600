"""
Runs a program with MicroPython's own calls of malloc, calloc and free counted, to the byte:

    python counted_malloc.py PROGRAM.py ARGUMENTS

mbedTLS takes its memory there, outside MicroPython's heap. The wheel is an ELF file whose calls
go through a table; three of its entries are pointed at us before the program begins. What is
allocated, and its peak, stand in a file of this process in the folder COUNTED_MALLOC.
"""

import ctypes
import mmap
import os
import runpy
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

# As large as MicroPython's heap, which is one block, and larger than anything of mbedTLS.
OWN_HEAP_MIN = 65536
LAYOUT = "<QQ"  # bytes now, at most

_LOAD, _DYNAMIC = 1, 2  # of program headers
_STRINGS, _SYMBOLS, _CALLS_SIZE, _CALLS = 5, 6, 2, 23  # of the dynamic section


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


@contextmanager
def counted(page: mmap.mmap) -> Iterator[None]:
    spec = find_spec("micropython_run")
    assert spec and spec.origin
    __import__("micropython_run")
    path, counter = Path(spec.origin).resolve(), Counter(page)
    table, base = slots(path.read_bytes()), _base(path)
    entries = {name: ctypes.c_void_p.from_address(base + table[name]) for name in counter.hooks}
    before = {name: entry.value for name, entry in entries.items()}
    for name, hook in counter.hooks.items():
        entries[name].value = ctypes.cast(hook, ctypes.c_void_p).value
    try:
        yield
    finally:
        for name, entry in entries.items():
            entry.value = before[name]


if __name__ == "__main__":
    _file = Path(os.environ["COUNTED_MALLOC"]) / str(os.getpid())
    _file.write_bytes(bytes(struct.calcsize(LAYOUT)))
    with _file.open("r+b") as _open:
        _page = mmap.mmap(_open.fileno(), 0)
    sys.argv = sys.argv[1:]
    with counted(_page):
        runpy.run_path(sys.argv[0], run_name="__main__")
