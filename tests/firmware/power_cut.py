"""
A device's life on a LittleFS whose power fails at every write in turn. Runs on MicroPython:

  micropython -X heapsize=8M power_cut.py FIRST STEP

plays the life again and again, cut at the FIRST-th write, the (FIRST+STEP)-th and so on
until it gets through; after every cut the flash is looked at, and the life goes on.
"""

import gc
import os
import random
import sys

import vfs
from counters import Counters
from energy import Energy, from_note, later
from flash import BLOCK, Flash, PowerCut
from nonvolatile import Nonvolatile
from outbox import Outbox, OutboxFull

BLOCKS = 72
FULL_LIFE = 24  # readings in one life: it crosses segments, and the ring's end


class Witness:
    """What the device was told is done: it must be so for ever."""

    def __init__(self):
        self.boot = 0  # the last that was begun
        self.keys = set()  # (boot, sequence) of every reading signed
        self.waiting = {}  # (boot, sequence) -> bytes, kept and not acknowledged
        self.command = 0  # taken for certain
        self.asked = 0  # the last tried
        self.total_wh = 0  # in the last note kept


def note_of(total_wh):
    energy = Energy()
    energy.consumed.total_wh = total_wh
    return energy.note()


def begin(witness):
    outbox = Outbox("state/outbox")
    memory = Nonvolatile("state")
    memory.begin_boot(outbox.newest.boot if outbox.newest else 0)
    assert memory.boot > witness.boot, "a boot was repeated"
    witness.boot = memory.boot
    return outbox, memory


def check(outbox, memory, counters, witness):
    kept = {}
    for index in outbox.waiting():
        signed = outbox.signed(index)
        kept[signed[:8]] = signed
    for key, signed in witness.waiting.items():
        assert kept.get(signed[:8]) == signed, f"reading {key} is lost"
    assert witness.command <= memory.command_sequence <= witness.asked, "a command is forgotten"
    note = later(outbox.newest.note if outbox.newest else None, memory.note)
    total_wh = from_note(note).consumed.total_wh if note else 0
    assert total_wh >= witness.total_wh, "energy is forgotten"
    assert counters.values["boots"] <= witness.boot
    # What was kept in the instant of the cut, or acknowledged and not noted, is offered again.
    witness.waiting = {(int.from_bytes(key[:4], "big"), int.from_bytes(key[4:], "big")): kept[key] for key in kept}


def live(outbox, memory, counters, witness, readings=FULL_LIFE):
    total_wh = witness.total_wh
    for sequence in range(1, readings + 1):
        key = (memory.boot, sequence)
        assert key not in witness.keys, "a sequence was repeated"
        witness.keys.add(key)
        total_wh += 7
        signed = memory.boot.to_bytes(4, "big") + sequence.to_bytes(4, "big") + bytes(210 + sequence % 9)
        outbox.append(memory.boot, sequence, 900 * sequence, signed, note_of(total_wh))
        witness.waiting[key] = signed
        witness.total_wh = total_wh
        counters.values["boots"] = memory.boot
        counters.write()
        if sequence % 3 == 0:
            witness.asked = memory.command_sequence + 1
            memory.take_command(witness.asked, note_of(total_wh))
            witness.command = witness.asked
        if sequence % 4:
            acknowledge(outbox, witness)


# All but the two newest, by their boots.
def acknowledge(outbox, witness):
    keys = sorted(witness.waiting)[:-2]
    for boot, sequence in keys:
        outbox.acknowledge(boot, sequence, sequence)
        del witness.waiting[(boot, sequence)]


def mount(flash):
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    vfs.umount("/flash")


def one_life(data, witness, left=-1, readings=FULL_LIFE, erases=None):
    """Boot, look, live. Returns whether it got through without a cut."""
    flash = Flash(data, left, erases)
    try:
        mount(flash)
        outbox, memory = begin(witness)
        counters = Counters("state/counters.json")
        check(outbox, memory, counters, witness)
        live(outbox, memory, counters, witness, readings)
        return True
    except (PowerCut, OSError):
        assert flash.is_dead
        return False
    finally:
        unmount()


# A flash that has been in use: the ring is about to go round.
def used():
    data = bytearray(b"\xff" * (BLOCK * BLOCKS))
    vfs.VfsLfs2.mkfs(Flash(data))
    mount(Flash(data))
    os.mkdir("state")
    unmount()
    witness = Witness()
    for _ in range(7):
        assert one_life(data, witness)
    return data, witness


def play(first, step):
    seed = int.from_bytes(os.urandom(3), "big")
    random.seed(seed)
    print("seed", seed)
    data, witness = used()
    cuts, left = 0, first
    while not one_life(data, witness, left):
        cuts += 1
        # Now and then the power fails again while the device is starting.
        if cuts % 3 == 0:
            one_life(data, witness, random.randrange(1, 12))
        left += step
        gc.collect()
    print(cuts, "cuts,", len(witness.keys), "readings,", witness.boot, "boots")


def fill():
    """A full outbox takes nothing more, and loses nothing."""
    data, witness = used()
    mount(Flash(data))
    outbox, memory = begin(witness)
    acknowledge(outbox, witness)
    before, count = len(outbox.waiting()), 0
    try:
        while True:
            outbox.append(memory.boot, count + 1, 0, b"reading %d" % count, b"")
            count += 1
    except OutboxFull:
        pass
    again = Outbox("state/outbox")
    print(count + before, "readings wait")
    assert len(again.waiting()) == len(outbox.waiting()) == count + before >= 128
    again.acknowledge(memory.boot, 1, count)
    again.acknowledge(witness.boot - 1, 1, FULL_LIFE)
    assert not again.is_full()


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill()
    else:
        play(int(sys.argv[1]), int(sys.argv[2]))
