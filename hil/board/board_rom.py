"""The ROMFS partition of a board with two slots: written by blocks, and mapped into memory."""

import esp32
import uctypes

_partition = None
_memory = b""


# place: FILE, or ADDRESS+SIZE=FILE where the interpreter's start mapped it.
def set_slots(place):
    global _partition, _memory
    mapped, _, path = place.rpartition("=")
    _partition = esp32.Partition("romfs", path)
    if mapped:
        address, _, size = mapped.partition("+")
        _memory = uctypes.bytearray_at(int(address), int(size))
    else:
        with open(path, "rb") as file:
            _memory = file.read()


def open_rom():
    return (_partition, memoryview(_memory)) if _partition else None
