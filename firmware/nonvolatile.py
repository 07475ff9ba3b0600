"""
Nonvolatile memory: what a device must never forget nor repeat. Which boot this is, the
last command it took, when its accounting began, and its energy as of the last command.

Two files take turns. A power cut in the middle of a write spoils one of them, never the
one that was written before.
"""

import struct
from binascii import crc32

_FIELDS = ">IIIQB"  # generation, boot, command_sequence, since_s, note length
_FIELDS_SIZE = 21


# (generation, boot, command_sequence, since_s, note) of one file's bytes, or None.
def _parse(data):
    if len(data) < _FIELDS_SIZE + 4 or crc32(data[:-4]) != struct.unpack(">I", data[-4:])[0]:
        return None
    fields = struct.unpack_from(_FIELDS, data, 0)
    return fields[:4] + (data[_FIELDS_SIZE:-4],)


def _read(path):
    try:
        with open(path, "rb") as file:
            return _parse(file.read())
    except OSError:
        return None  # not written yet


class Nonvolatile:
    def __init__(self, directory):
        self._paths = (directory + "/memory0", directory + "/memory1")
        kept = [record for record in [_read(path) for path in self._paths] if record]
        newest = max(kept) if kept else (0, 0, 0, 0, b"")
        self._generation, self.boot, self.command_sequence, self.since_s, note = newest
        self.note = note or None

    def _write(self):
        self._generation += 1
        note = self.note or b""
        fields = (self._generation, self.boot, self.command_sequence, self.since_s, len(note))
        data = struct.pack(_FIELDS, *fields) + note
        with open(self._paths[self._generation % 2], "wb") as file:
            file.write(data + struct.pack(">I", crc32(data)))

    def begin_boot(self, boot_before):
        """Count a boot. boot_before: the last one that signed anything, in case this memory lost it."""
        self.boot = max(self.boot, boot_before) + 1
        self._write()

    def begin_accounting(self, since_s, note):
        """The first look at the chips was at since_s; `note` is the energy then."""
        self.since_s, self.note = since_s, note
        self._write()

    def take_command(self, sequence, note):
        """Before a command is acted on: no other of this or a lower sequence will be."""
        self.command_sequence, self.note = sequence, note
        self._write()
