"""
A day's storage work of one device, its power cut at write FIRST, FIRST+STEP and so on, each
time from the same morning: 96 readings with their counters and acknowledgements, and a
command every three quarters of an hour. Runs on MicroPython:

  micropython -X heapsize=32M day_cut.py FIRST STEP

Prints "C cuts, W writes, E erases, M of_one_block" of the day.
"""

import gc
import sys

from counters import Counters
from flash import Flash
from power_cut import Witness, begin, check, mount, one_life, unmount, used

READINGS = 96
_NEVER = 1 << 30


def copy_of(witness):
    copy = Witness()
    for name in ("boot", "command", "asked", "total_wh"):
        setattr(copy, name, getattr(witness, name))
    copy.keys, copy.waiting = set(witness.keys), dict(witness.waiting)
    return copy


# Counted as one_life spends them: the writes of a whole day, boot and all.
def count_writes(data, witness):
    flash, erases = Flash(data, _NEVER), {}
    mount(flash)
    unmount()
    spent = []

    class Counting(Flash):
        def _spend(self):
            spent.append(1)
            return False

    import power_cut

    power_cut.Flash = Counting
    assert one_life(data, copy_of(witness), -1, READINGS, erases)
    power_cut.Flash = Flash
    return len(spent), erases


# After a cut: it starts, and everything it was told is done is done.
def look(data, witness):
    mount(Flash(data))
    outbox, memory = begin(witness)
    check(outbox, memory, Counters("state/counters.json"), witness)
    unmount()


def play(first, step):
    morning, witness = used()
    data = bytearray(morning)  # the one chip of all these days: the heap would not hold many
    writes, erases = count_writes(data, witness)
    cuts = 0
    for left in range(first, writes + 1, step):
        data[:] = morning
        today = copy_of(witness)
        assert not one_life(data, today, left, READINGS), "the day has fewer writes than were counted"
        look(data, today)
        cuts += 1
        gc.collect()
    print(cuts, "cuts,", writes, "writes,", sum(erases.values()), "erases,", max(erases.values()), "of_one_block")


play(int(sys.argv[1]), int(sys.argv[2]))
