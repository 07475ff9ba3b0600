"""
The life of an update on a flash whose power fails at every write in turn: the LittleFS with
the records and the ROMFS partition with the slots, in one count. Runs on MicroPython:

  micropython -X heapsize=8M update_cut.py works | fails | lost

plays it with an image that passes its trial, one that fails it, and one that loses its
power whenever it is on trial. After every cut the board starts again, and what it runs is looked at.
"""

import gc
import os
import sys

import ed25519
import vfs
from choice import choose
from slots import NONE, TRYING, Flash, Slots
from update import Update

from wire import firmware, kind, message

BLOCK, BLOCKS, ROM_BLOCKS = 4096, 24, 8
EIO = -5
NOW = 1800000000
NETWORK = b"network1"
KEYS = {b"release%d" % number: ed25519.Signer(bytes([number]) * 32) for number in (1, 2)}
RELEASE = (2, {who: key.public_key for who, key in KEYS.items()})
OLD = b"the old firmware" * 700
NEW = bytes([(7 * i) & 0xFF for i in range(9000)])


class PowerCut(Exception):
    pass


class Power:
    """Fails in the middle of the `left`-th write."""

    left = -1
    writes = 0

    def spend(self):
        Power.writes += 1
        Power.left -= 1
        return Power.left == 0


class Nor:
    """NOR flash in memory: an erase sets bits, a write clears them. Half of a write that is cut is done."""

    def __init__(self, data):
        self.data = data
        self.is_dead = False

    def readblocks(self, block, buffer, offset=0):
        if self.is_dead:
            return EIO  # a file that was open is closed by the garbage collector, too late
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]
        return 0

    def writeblocks(self, block, buffer, offset=0):
        if self.is_dead:
            return EIO
        cut = Power().spend()
        at, size = block * BLOCK + offset, len(buffer) // 2 if cut else len(buffer)
        for i in range(size):
            self.data[at + i] &= buffer[i]
        if cut:
            self.is_dead = True
            raise PowerCut()
        return 0

    def ioctl(self, request, argument):
        if request == 4:
            return len(self.data) // BLOCK
        if request == 5:
            return BLOCK
        if self.is_dead:
            return EIO
        if request == 6:
            cut = Power().spend()
            size = BLOCK // 2 if cut else BLOCK
            self.data[argument * BLOCK : argument * BLOCK + size] = b"\xff" * size
            if cut:
                self.is_dead = True
                raise PowerCut()
        return 0


class Clock:
    def utc_s(self):
        return NOW


def digest(image):
    from hashlib import sha256

    return sha256(image).digest()


FRAMES = firmware.pieces(NEW)
CONTENT = (2, b"board", 2, NOW, NOW + 86400, len(NEW), digest(NEW), firmware.piece_hash(FRAMES[0]))


def announcements():
    seal = message.seal
    return [seal(kind.FIRMWARE, firmware.LAYOUT, CONTENT, who, NETWORK, key.sign) for who, key in KEYS.items()]


SAID = announcements()


def mount(device):
    if "flash" in os.listdir("/"):
        vfs.umount("/flash")
    vfs.mount(vfs.VfsLfs2(device), "/flash")
    os.chdir("/flash")


class Board:
    """What survives a power cut: two flash chips, and who saw which version run."""

    def __init__(self):
        self.disk, self.rom = bytearray(b"\xff" * BLOCK * BLOCKS), bytearray(b"\xff" * BLOCK * ROM_BLOCKS)
        Power.left = -1
        device = Nor(self.disk)
        vfs.VfsLfs2.mkfs(device)
        mount(device)
        os.mkdir("state")
        self.rom[: len(OLD)] = OLD
        Slots().install(1, len(OLD), digest(OLD))
        self.ran = []
        self.confirmed = 0
        self.refused = []

    # What the slot that was chosen holds: 1 or 2, and nothing else ever.
    def version_in(self, slot):
        at = slot * BLOCK * ROM_BLOCKS // 2
        for version, image in ((1, OLD), (2, NEW)):
            if self.rom[at : at + len(image)] == image:
                return version
        raise AssertionError("a broken image runs")

    def start(self, trial):
        """One life, until a restart (True), a rest (False) or a cut. trial: what the new image comes to."""
        mount(Nor(self.disk))
        rom = Nor(self.rom)
        kept = Slots()
        slot, is_trial = choose(kept, Flash(rom), "interrupted")
        version = self.version_in(slot)
        self.ran.append(version)
        assert version >= self.confirmed, "the version fell"
        assert Slots().version_floor >= max(1, self.confirmed)
        if is_trial:
            assert version == 2
            return self.judge(Slots(), trial)
        if version == 1:
            return self.fetch(rom)
        return False

    def judge(self, slots, trial):
        assert slots.state == TRYING
        if trial == "works":
            slots.confirm()
            self.confirmed = 2
            return False
        if trial == "fails":
            slots.explain("no_network")
        return True  # "lost": the power fails, as far as the record knows

    def fetch(self, rom):
        ready = []
        update = Update(
            rom,
            Slots(),
            NETWORK,
            RELEASE,
            2,
            "board",
            lambda *_: True,
            Clock(),
            self.refused.append,
            lambda: ready.append(1),
        )
        for frame in SAID:
            update.take(frame)
        while update.wanted and not ready:
            update.take(FRAMES[update._index])
        return bool(ready)


def live(board, trial, left):
    """Lives until the board rests or the power is cut. Returns how many starts, and whether it was cut."""
    Power.left = left
    starts = 0
    try:
        for starts in range(1, 12):
            if not board.start(trial):
                return starts, False
    except (PowerCut, OSError):
        assert Power.left <= 0  # closing a file on a dead flash fails, too
        return starts, True
    raise AssertionError("it restarts for ever")


def play(trial):
    cuts, left, most = 0, 1, 0
    while True:
        board = Board()
        _, was_cut = live(board, trial, left)
        if left % 2:
            live(board, trial, 1 + left * 7 % 17)  # and once more while it recovers
        starts, _ = live(board, trial, -1)
        most = max(most, starts)
        last = board.ran[-1]
        assert last == (2 if trial == "works" else 1), (left, board.ran)
        mount(Nor(board.disk))
        slots = Slots()
        assert slots.state == NONE and slots.version_floor == last
        if trial == "fails" and 2 in board.ran:
            assert not slots.may_take(2) and board.ran.count(2) <= 2
        if trial != "works":
            check_reboots(board.ran)
        if trial == "lost":
            assert board.ran.count(2) <= 3
        if not was_cut:
            break
        cuts, left = cuts + 1, left + 1
        gc.collect()
    print(cuts, "cuts,", most, "starts at most")


# After the new image has run, the very next start is the old one.
def check_reboots(ran):
    for i in range(len(ran) - 1):
        assert not (ran[i] == 2 and ran[i + 1] == 2), ran


play(sys.argv[1])
