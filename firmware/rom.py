"""
The flash's ROMFS partition as MicroPython's ESP32 port gives it: a block device that is
also mapped into memory, so that bytecode runs where it lies.
"""

import vfs

_GET_SEGMENT = 2


def open_rom():
    """(partition, memory): to write it by blocks, and its bytes; None when the board has none."""
    if not vfs.rom_ioctl(1):
        return None
    partition = vfs.rom_ioctl(_GET_SEGMENT, 0)
    return partition, memoryview(partition)
