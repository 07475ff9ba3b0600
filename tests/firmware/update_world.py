"""A device with version 5 that takes updates, on a flash in memory, and the keys that sign them."""

import gc
import os
from hashlib import sha256

import ed25519
from choice import choose
from slots import NONE, Flash, Slots
from update import Update

from wire import firmware, kind, message, registration

NOW = 1800000000
DAY = 86400
NETWORK = b"network1"
BOARD = "esp32_devkit"
BLOCK, BLOCKS, SPARE = 4096, 4, 2  # the spare slot begins at block SPARE
OLD, NEW = b"old firmware" * 300, bytes(range(251)) * 19
KEYS = {b"release%d" % number: ed25519.Signer(bytes([number]) * 32) for number in (1, 2, 3)}
ONE, TWO, THREE = sorted(KEYS)
STRANGER = ed25519.Signer(bytes([9]) * 32)


class Partition:
    """NOR flash: an erase sets bits, a write clears them."""

    blocks = [bytearray(BLOCK) for _ in range(BLOCKS)]  # noqa: RUF012  one for all: the heap has no room for many

    def __init__(self):
        self.erases = [0] * BLOCKS
        for block in range(BLOCKS):
            self.ioctl(6, block)
        self.blocks[0][: len(OLD)] = OLD
        self.erases = [0] * BLOCKS

    def readblocks(self, block, buffer, offset=0):
        buffer[:] = self.blocks[block][offset : offset + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        assert offset + len(buffer) <= BLOCK
        for i in range(len(buffer)):
            self.blocks[block][offset + i] &= buffer[i]

    def ioctl(self, request, argument):
        if request == 6:
            self.blocks[argument][:] = b"\xff" * BLOCK
            self.erases[argument] += 1
        return BLOCKS if request == 4 else 0


class World:
    """A board with version 5, in a directory of its own."""

    def __init__(self):
        gc.collect()
        self.home = os.getcwd()
        self.path = f"/tmp/gridtide-update-{int.from_bytes(os.urandom(6), 'big')}"
        os.mkdir(self.path)
        os.mkdir(self.path + "/state")
        os.chdir(self.path)
        self.now_s = NOW
        self.refused = 0
        self.ready = False
        self.verified = 0
        self.partition = Partition()
        Slots().install(5, len(OLD), sha256(OLD).digest())
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in os.listdir("state"):
            os.remove("state/" + name)
        os.chdir(self.home)
        os.rmdir(self.path + "/state")
        os.rmdir(self.path)

    def utc_s(self):
        return self.now_s

    def _verify(self, *signed):
        self.verified += 1
        return ed25519.verify(*signed)

    def _count(self, name):
        assert name == "firmware_refused"
        self.refused += 1

    def _on_ready(self):
        self.ready = True

    def start(self):
        """Switched on again: what is in memory is gone."""
        release = (2, {identity: key.public_key for identity, key in KEYS.items()})
        args = (self.partition, Slots(), NETWORK, release, registration.METER, BOARD)
        self.update = Update(*args, self._verify, self, self._count, self._on_ready)

    def send(self, *frames):
        for frame in frames:
            self.update.take(frame)

    def is_untouched(self):
        """Whether the old firmware runs at the next start, and no other."""
        kept = Slots()
        chosen = choose(kept, Flash(self.partition), "interrupted")
        at_rest = (kept.state, kept.version, kept.version_floor, kept.failed_version) == (NONE, 5, 5, 0)
        return not self.ready and chosen == (0, False) and at_rest


def content(image=NEW, version=6, **changes):
    fields = {"role": registration.METER, "board": BOARD.encode(), "version": version, "issued_s": NOW - DAY}
    fields["expires_s"], fields["size"], fields["sha256"] = NOW + DAY, len(image), sha256(image).digest()
    fields["first_piece"] = firmware.piece_hash(firmware.pieces(image)[0])
    fields.update(changes)
    return [fields[name] for name, _ in firmware.LAYOUT.fields]


def sign(fields, *signers, network=NETWORK, as_kind=kind.FIRMWARE):
    """The announcement, signed by each of the release keys of these names."""
    seal = message.seal
    return [seal(as_kind, firmware.LAYOUT, fields, who, network, KEYS[who].sign) for who in signers]


def announce(**changes):
    return sign(content(**changes), ONE, TWO)


PIECES = firmware.pieces(NEW)


def changed(data, at):
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
