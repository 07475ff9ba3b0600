"""
Accounts turn what the equipment counted into signed readings: one Record at the end of
every window, from where the one before ended. Nothing is counted twice or left out, over
restarts too: the totals of the last reading lie beside it in the outbox.
"""

from binascii import hexlify

import energy
import record

from wire import reading
from wire.interval import window_start

_LATE_S_MAX = 60  # a device that finds a window's end this long past waits for the next


class Accounts:
    # next_sequence(kind): the next number of this boot.
    def __init__(self, identity, outbox, memory, clock, next_sequence):
        self._identity = identity
        self._outbox = outbox
        self._memory = memory
        self._clock = clock
        self._next_sequence = next_sequence
        newest = outbox.newest
        self._end_s = newest.end_s if newest else memory.since_s  # of the last record; 0 before the first look
        self._totals = energy.from_note(newest.note).totals_wh() if newest else (0, 0, 0, 0)
        self._is_first = True

    def close_window(self, equipment):
        """Sign a reading, if a window has ended since the last one. Returns whether one was signed."""
        now_s = self._clock.utc_s()
        if now_s is None:
            return False
        if not self._end_s:
            self._end_s = now_s
            self._memory.begin_accounting(now_s, equipment.energy.note())
        end_s = window_start(now_s)
        if end_s <= self._end_s or now_s - end_s > _LATE_S_MAX or self._outbox.is_full():
            return False
        self._sign(end_s, equipment)
        return True

    def _sign(self, end_s, equipment):
        flags = reading.AFTER_BOOT if self._is_first else 0
        if self._clock.take_uncertain():
            flags |= reading.TIME_UNCERTAIN
        if end_s - self._end_s > record.DURATION_S_MAX:
            flags |= reading.TIME_UNCERTAIN  # longer without the time than a record is long: when did it flow?
        totals = equipment.energy.totals_wh()
        one = record.make(self._end_s, end_s, self._totals, totals, equipment.snapshot(), flags)
        boot, sequence = self._memory.boot, self._next_sequence(reading.KIND)
        signed = self._identity.seal(reading.KIND, reading.LAYOUT, (boot, sequence, (one,)))
        self._outbox.append(boot, sequence, end_s, signed, equipment.energy.note())
        if self._is_first:
            print("signed", hexlify(signed).decode())  # on the console: who has just flashed the board waits for it
        self._end_s, self._totals, self._is_first = end_s, totals, False
