"""
`esp32.Partition` on a file: NOR flash in blocks of 4096 bytes, each erase told to the
bench, which can also fail the power in the middle of a write.
"""

import board_channel as bench
import board_frames as frames

BLOCK_SIZE = 4096
_ERASED = b"\xff" * 512  # made once: a board in its last kilobytes of heap must still be able to erase
_path = None


# Called by the start script, before anything looks for a partition.
def set_image(path):
    global _path
    _path = path


def _arm(payload):
    Partition.writes_to_cut = int.from_bytes(payload, "big")


bench.takers[(frames.CUT_POWER, 0)] = _arm


class Partition:
    TYPE_APP = 0
    TYPE_DATA = 1
    BOOT = 0
    RUNNING = 1

    writes_to_cut = 0  # 0: the power holds

    # path: of another partition's file than the data partition's.
    def __init__(self, label="vfs", path=None):
        if label != "vfs" and not path:
            raise OSError(2)  # ENOENT
        self._is_data = not path
        self._file = open(path or _path, "r+b")  # noqa: SIM115
        self._size = self._file.seek(0, 2)

    @classmethod
    def find(cls, type=TYPE_APP, subtype=0xFF, label=None, block_size=None):
        return [cls()] if type == cls.TYPE_DATA and label in (None, "vfs") else []

    def info(self):
        return (self.TYPE_DATA, 0x81, 0x200000, self._size, "vfs", False)

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * BLOCK_SIZE + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self._erase(block)
            offset = 0
        data = memoryview(buffer)
        cut = self.writes_to_cut == 1
        Partition.writes_to_cut = max(0, self.writes_to_cut - 1)
        self._file.seek(block * BLOCK_SIZE + offset)
        self._file.write(data[: len(data) // 2] if cut else data)
        if cut:
            bench.emit(frames.CUT, 0)
            bench.halt()

    def _erase(self, block):
        self._file.seek(block * BLOCK_SIZE)
        for _ in range(BLOCK_SIZE // len(_ERASED)):
            self._file.write(_ERASED)
        if self._is_data:
            bench.emit(frames.ERASED, 0, block.to_bytes(4, "big"))

    def ioctl(self, request, argument):
        if request == 4:
            return self._size // BLOCK_SIZE
        if request == 5:
            return BLOCK_SIZE
        if request == 6:
            self._erase(argument)
        return 0
