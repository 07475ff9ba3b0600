"""
The Outbox holds a device's signed readings on its flash, as they were signed, until the
aggregator's acknowledgement and for as long after it as there is room. A reading that was
never acknowledged is never deleted: when only such ones are left, the outbox is full and
the device signs nothing more; its energy goes on counting in the totals.

`state/outbox/<n>` is segment n: readings 8n to 8n+7 of the device's life, appended one by
one. A segment fits a flash block, so a reading costs one erase, each time of another block.
An entry in it, integers big-endian:

  u16 length, u32 CRC-32 of the `length` bytes that follow:
  u32 index, u32 boot, u32 sequence, u64 end_s, u32 acknowledged_below, u8 note length, note, the signed reading

The note is the caller's: what it must know again after a power cut exactly as of this
reading. A torn entry can only be the last one; it is cut off at the next start. Which
readings are acknowledged is written with the next reading: forgetting it costs a second
sending, nothing else.
"""

import os
import struct
from binascii import crc32
from collections import namedtuple

_HEAD = ">HI"
_HEAD_SIZE = 6
_FIELDS = ">IIIQIB"
_FIELDS_SIZE = 25
_PER_SEGMENT = 8
_SEGMENTS = 20

Entry = namedtuple("Entry", ("index", "boot", "sequence", "end_s", "acknowledged_below", "note", "signed"))
_Place = namedtuple("_Place", ("boot", "sequence", "offset"))


class OutboxFull(Exception):
    """Every reading in the outbox waits for its acknowledgement."""


def make_directory(path):
    """Make `path` a directory, unless it is one."""
    try:
        os.mkdir(path)
    except OSError:
        os.listdir(path)  # raises when there is no directory for another reason


# (where the body ends, whether its CRC holds), or None where the bytes end inside an entry.
def _frame_at(data, offset):
    body_at = offset + _HEAD_SIZE
    if body_at > len(data):
        return None
    length, crc = struct.unpack_from(_HEAD, data, offset)
    end = body_at + length
    if length < _FIELDS_SIZE or end > len(data):
        return None
    return end, crc32(data[body_at:end]) == crc


def _entry(body):
    index, boot, sequence, end_s, below, note_size = struct.unpack_from(_FIELDS, body, 0)
    note_end = _FIELDS_SIZE + note_size
    return Entry(index, boot, sequence, end_s, below, body[_FIELDS_SIZE:note_end], body[note_end:])


def entries(data):
    """
    The good entries in a segment's bytes, as [(offset, Entry)], and where the last entry ends.

    A spoilt one is passed over; a torn one is where the end is.
    """
    found, offset = [], 0
    while True:
        frame = _frame_at(data, offset)
        if not frame:
            return found, offset
        end, is_good = frame
        if is_good:
            found.append((offset, _entry(data[offset + _HEAD_SIZE : end])))
        offset = end


class Outbox:
    # segments: how many there are at most; what is acknowledged is overwritten after them.
    def __init__(self, path, segments=_SEGMENTS):
        self._path = path
        self._segments_max = segments
        self._waiting = {}  # index -> _Place of what is not acknowledged
        self.newest = None  # Entry, or None before the first reading
        make_directory(path)
        self._load()

    # -- start ------------------------------------------------------------------------------

    def _load(self):
        for segment in self._segments():
            data = self._read(segment)
            found, end = entries(data)
            for offset, entry in found:
                self._waiting[entry.index] = _Place(entry.boot, entry.sequence, offset)
                self.newest = entry
            if end < len(data):
                self._cut_off(segment, data[:end])
        if self.newest:
            self._forget_below(self.newest.acknowledged_below)
            self._drop_old(self.newest.index // _PER_SEGMENT)

    def _forget_below(self, index):
        for old in [i for i in self._waiting if i < index]:
            del self._waiting[old]

    def _name(self, segment):
        return "%s/%d" % (self._path, segment)

    def _segments(self):
        return sorted([int(name) for name in os.listdir(self._path) if name.isdigit()])

    def _read(self, segment):
        with open(self._name(segment), "rb") as file:
            return file.read()

    # Written beside it and renamed over it: at no time is there less than the good entries.
    def _cut_off(self, segment, good):
        beside = self._path + "/cut"
        with open(beside, "wb") as file:
            file.write(good)
        os.rename(beside, self._name(segment))

    # -- writing ----------------------------------------------------------------------------

    def signed_count(self):
        """How many readings this device has signed in its life."""
        return self.newest.index + 1 if self.newest else 0

    def is_full(self):
        """Whether the next reading would push one out that is not acknowledged."""
        oldest_kept = self.signed_count() // _PER_SEGMENT - self._segments_max + 1
        return bool(self._waiting) and min(self._waiting) < oldest_kept * _PER_SEGMENT

    def append(self, boot, sequence, end_s, signed, note):
        """Keep a signed reading (bytes) and its note. When this returns, both are on the flash. Raises OutboxFull."""
        if self.is_full():
            raise OutboxFull()
        index = self.signed_count()
        below = min(self._waiting) if self._waiting else index
        body = struct.pack(_FIELDS, index, boot, sequence, end_s, below, len(note)) + note + signed
        segment = index // _PER_SEGMENT
        with open(self._name(segment), "ab") as file:
            offset = file.seek(0, 2)
            file.write(struct.pack(_HEAD, len(body), crc32(body)) + body)
        self._waiting[index] = _Place(boot, sequence, offset)
        self.newest = Entry(index, boot, sequence, end_s, below, note, signed)
        if index % _PER_SEGMENT == 0:
            self._drop_old(segment)

    def _drop_old(self, newest_segment):
        for segment in self._segments():
            if segment <= newest_segment - self._segments_max:
                os.remove(self._name(segment))

    # -- sending ----------------------------------------------------------------------------

    def acknowledge(self, boot, first, last):
        """The readings first to last of `boot` are on the aggregator's disk. Returns how many of them waited for it."""
        known = [i for i, at in self._waiting.items() if at.boot == boot and first <= at.sequence <= last]
        for index in known:
            del self._waiting[index]
        return len(known)

    def give_up_oldest(self):
        """For what may be lost rather than stop: forget the messages that were waiting for the longest time."""
        for index in self.waiting()[:_PER_SEGMENT]:
            del self._waiting[index]

    def holds(self, note):
        """Whether a message with this note is on the flash, acknowledged or not."""
        for segment in self._segments():
            if [entry for _, entry in entries(self._read(segment))[0] if entry.note == note]:
                return True
        return False

    def knows(self, boot, first, last):
        """Whether an acknowledgement of these would be news."""
        return any([at.boot == boot and first <= at.sequence <= last for at in self._waiting.values()])

    def waiting(self):
        """Indices of the readings that wait for their acknowledgement, oldest first."""
        return sorted(self._waiting)

    def signed(self, index):
        """The signed reading `index` (one of `waiting()`), as bytes."""
        with open(self._name(index // _PER_SEGMENT), "rb") as file:
            file.seek(self._waiting[index].offset)
            head = file.read(_HEAD_SIZE)
            body = file.read(struct.unpack(_HEAD, head)[0])
        return _entry(body).signed
