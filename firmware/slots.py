"""
The Slots are the two halves of the flash's ROMFS partition: one holds the firmware that
runs, the other takes the next. The record of which is which changes in one write, so a
power cut leaves the board before or after a step, never in between.

A new image is READY when it is whole; the selector makes it TRYING before it runs any of
it, so it gets one boot; only its own self-test makes it the active one. A start that
finds it still TRYING goes back. The version on record never falls.
"""

import struct
from hashlib import sha256

from twin import Twin

BLOCK_SIZE = 4096
_PIECE = 512  # bytes read at a time; divides a block
NONE, READY, TRYING = 0, 1, 2

# Why an image did not become the active one. Append, never reorder: the index is the value in events.
REASONS = (
    "none",
    "interrupted",  # the power failed during its trial; it may be tried again
    "damaged",  # not the image that was announced
    "raised",  # it ended with an exception
    "hung",  # the watchdog bit
    "no_network",  # no signed time and no acknowledgement within the trial
    "chips_silent",  # it does not reach its equipment
    "restarted",  # it reset the board by itself
    "overdue",  # it never came to a verdict on itself
)
_TRIES = 3

# active, state, tries, reason, version_floor, failed_version, then version, size and SHA-256 of both slots.
_FIELDS = ">BBBBIIII32sII32s"
_STATE = "state/slots"
UPDATE = "state/update"


class Image:
    """What a slot is said to hold. size 0: nothing known."""

    def __init__(self, version, size, digest):
        self.version = version
        self.size = size
        self.digest = digest


_EMPTY = (0, 0, bytes(32))


def is_begun():
    """Whether a download is on its way."""
    return bool(Twin(UPDATE).body)


class Slots:
    def __init__(self, path=_STATE):
        self._twin = Twin(path)
        body = self._twin.body
        self.is_known = bool(body) and len(body) == struct.calcsize(_FIELDS)
        kept = struct.unpack(_FIELDS, body) if self.is_known else (0, NONE, 0, 0, 0, 0) + _EMPTY + _EMPTY
        self.active, self.state, self._tries, self._reason, self.version_floor, self.failed_version = kept[:6]
        self.images = [Image(*kept[6:9]), Image(*kept[9:12])]

    def _write(self):
        one, other = self.images
        head = (self.active, self.state, self._tries, self._reason, self.version_floor, self.failed_version)
        images = (one.version, one.size, one.digest, other.version, other.size, other.digest)
        self._twin.write(struct.pack(_FIELDS, *(head + images)))
        self.is_known = True

    @property
    def spare(self):
        return 1 - self.active

    @property
    def version(self):
        """Of the active image."""
        return self.images[self.active].version

    @property
    def reason(self):
        """Why the last image was given up, one of REASONS; "none" once that is reported."""
        return REASONS[self._reason] if self._reason < len(REASONS) else "none"

    def install(self, version, size, digest):
        """At the factory: slot 0 holds this image."""
        self.images[0] = Image(version, size, digest)
        self.active, self.version_floor = 0, version
        self._write()

    # -- the way of a new image ---------------------------------------------------------------

    def may_take(self, version):
        """Whether an image of this version may be tried: newer than every one before that worked or failed."""
        return version > self.version_floor and version > self.failed_version

    def spoil(self):
        """The spare slot is about to be written: it holds nothing from now on."""
        if self.images[self.spare].size:
            self.images[self.spare], self._tries = Image(*_EMPTY), 0
            self._write()

    def offer(self, version, size, digest):
        """The spare slot holds this image, whole: the next start tries it."""
        assert self.state == NONE and self.may_take(version)
        self.images[self.spare] = Image(version, size, digest)
        self.state, self._reason = READY, 0
        self._write()

    def attempt(self):
        """By the selector, before the new image runs."""
        self.state, self._reason = TRYING, 0
        self._tries += 1
        self._write()

    def explain(self, reason):
        """By the image on trial, when it gives itself up: the next start goes back for this reason."""
        self._reason = REASONS.index(reason)
        self._write()

    def confirm(self):
        """By the image on trial, after its self-test: it is the active one."""
        self.active, self.state, self._tries, self._reason = self.spare, NONE, 0, 0
        self.version_floor = max(self.version_floor, self.version)
        self._write()

    def roll_back(self, reason):
        """The image on trial is given up. One that only lost its power may be tried again, a few times."""
        if reason == "interrupted" and self._tries < _TRIES:
            self.state = NONE
        else:
            self.failed_version = max(self.failed_version, self.images[self.spare].version)
            self.state, self._tries = NONE, 0
        self._reason = REASONS.index(reason)
        self._write()

    def report_sent(self):
        """The reason is among the signed events, which wait on the flash."""
        if self._reason and self.state == NONE:
            self._reason = 0
            self._write()


class Flash:
    """The ROMFS partition, slot by slot. partition: an esp32.Partition or what behaves as one."""

    def __init__(self, partition):
        self._partition = partition
        blocks = partition.ioctl(4, 0)
        self.slot_size = blocks // 2 * BLOCK_SIZE
        self._piece = memoryview(bytearray(_PIECE))

    def write(self, slot, at, data):
        """Write `data` at a slot's offset `at`. Writing goes upwards: at the start of a block, the block is erased."""
        while data:
            block, offset = divmod(slot * self.slot_size + at, BLOCK_SIZE)
            part = data[: BLOCK_SIZE - offset]
            if not offset:
                self._partition.ioctl(6, block)
            self._partition.writeblocks(block, part, offset)
            at, data = at + len(part), data[len(part) :]

    def is_whole(self, slot, image):
        """Whether the slot holds `image` to the last bit, read back from the flash."""
        if not 0 < image.size <= self.slot_size:
            return False
        digest = sha256()
        for at in range(0, image.size, _PIECE):
            block, offset = divmod(slot * self.slot_size + at, BLOCK_SIZE)
            piece = self._piece[: min(_PIECE, image.size - at)]
            self._partition.readblocks(block, piece, offset)
            digest.update(piece)
        return digest.digest() == image.digest
