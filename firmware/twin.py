"""
A Twin is a small record that a power cut cannot spoil: two files take turns, each with a
generation and a CRC-32. What was written before stays whole while the other is written.
"""

import struct
from binascii import crc32

_SIZE_MIN = 8


# (generation, body) of one file, or None.
def _read(path):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None  # not written yet
    if len(data) < _SIZE_MIN or crc32(data[:-4]) != struct.unpack(">I", data[-4:])[0]:
        return None
    return struct.unpack_from(">I", data, 0)[0], data[4:-4]


class Twin:
    def __init__(self, path):
        self._paths = (path + "0", path + "1")
        kept = [found for found in [_read(path) for path in self._paths] if found]
        self._generation, self.body = max(kept) if kept else (0, None)

    def write(self, body):
        """Keep `body` (bytes). When this returns, it is on the flash."""
        self._generation += 1
        data = struct.pack(">I", self._generation) + body
        with open(self._paths[self._generation % 2], "wb") as file:
            file.write(data + struct.pack(">I", crc32(data)))
        self.body = body
