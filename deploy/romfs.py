"""
A ROMFS image: MicroPython's read-only file system, which runs bytecode where it lies in
the flash instead of copying it to the heap.

An image is one record: kind, length, payload. A directory's payload is its name and the
records of what is in it; a file's is its name and a record of its bytes. Kinds and lengths
are in base 128, high digits first, the top bit set in all but the last.

Source: MicroPython 1.25, extmod/vfs_rom.c.
"""

from collections.abc import Mapping

HEADER = b"\xd2\xcd\x31"  # the kind of the file system's record, written as "RM1" with top bits
_DATA, _DIRECTORY, _FILE = 2, 4, 5


def image(files: Mapping[str, bytes]) -> bytes:
    """The file system that holds `files` (path with "/" -> bytes). Its length is even, as the header's check wants."""
    payload = _listing(_tree(files))
    length = _number(len(payload))
    if (len(HEADER) + len(length) + len(payload)) % 2:
        length = b"\x80" + length
    return HEADER + length + payload


def _tree(files: Mapping[str, bytes]) -> dict:
    tree: dict = {}
    for path, data in files.items():
        *folders, name = path.split("/")
        at = tree
        for folder in folders:
            at = at.setdefault(folder, {})
        at[name] = data
    return tree


def _listing(tree: Mapping) -> bytes:
    return b"".join(_entry(name, what) for name, what in sorted(tree.items()))


def _entry(name: str, what: bytes | Mapping) -> bytes:
    head = _number(len(name)) + name.encode("ascii")
    if isinstance(what, bytes):
        return _record(_FILE, head + _record(_DATA, what))
    return _record(_DIRECTORY, head + _listing(what))


def _record(kind: int, payload: bytes) -> bytes:
    return _number(kind) + _number(len(payload)) + payload


def _number(value: int) -> bytes:
    digits = bytes((value & 0x7F,))
    while value := value >> 7:
        digits = bytes((0x80 | value & 0x7F,)) + digits
    return digits
