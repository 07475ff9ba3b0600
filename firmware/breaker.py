"""
The Breaker is an M-LMD's own: Protection behind a contact, with the samples it decides by
and what it must remember. Nothing of it waits for the network, the aggregator or the
program: the supervision line's interrupt takes the first sample, a timer the next ones.

How often it samples follows from what there is to see. The board's supervision line (two
comparators, or a metering chip's warning output) is high while the current is above
nine tenths of rated, the voltage outside 207..253 V or the frequency off. While it is,
and for as long as the samples themselves say so, a sample is taken every FAST_MS. While something
waits (a dead time, a bimetal that cools after a trip, a shedding stage) one is taken every SLOW_MS.
Otherwise none but with each look: below nine tenths of rated current no bimetal trips.
"""

import json
import os
import time

from load_shedding import LoadShedding
from protection import CAUSES, COMMAND, HEALTHY_MV, MANUAL, Protection
from reclose import Reclose
from trip_curve import RATED_HEAT, TripCurve

FAST_MS, SLOW_MS = 10, 1000
ALERT_PERMILLE = 900  # of rated current: where the supervision line wakes the sampler
# Scales of the board: 3.3 V are 25 times rated current, by the choice of transformer and burden, and 500 V.
_CURRENT_IN, _VOLTAGE_V, _UV_MAX = 25, 500, 3_300_000
_OPEN_AT_STAGE = 4
_FREQUENCY_MHZ_LOW = 49_900
_SPREAD_MS = 30_000
LOCKED_OUT = 255


class Breaker:
    # settings: config.Breaker. changed(): called, also in an interrupt, when the contact moved or its cause did.
    def __init__(self, settings, board, path, spread, changed):
        self._path = path
        kept = self._load()
        curve = TripCurve(settings.curve, settings.rated_ma, RATED_HEAT)
        shedding = LoadShedding(spread_ms=spread * _SPREAD_MS // 256)
        self.protection = Protection(curve, Reclose(), shedding, _OPEN_AT_STAGE, kept[:4] if kept else None)
        self.held_until_s = kept[4] if kept else 0  # of the last command
        self._kept = kept
        self._rated_ma = settings.rated_ma
        self._changed = changed
        self.frequency_mhz = 0  # as the metering chip said last
        self._manual = board.manual_switch()
        self.protection.switch(self.is_locked_out())
        self.is_closed = self.protection.closed
        self._contact = self._open_contact(settings, board)
        self._current = board.current_sensor()
        self._voltage = board.voltage_sensor()
        self._line = board.supervision()
        self._timer = board.sampler()
        self._period_ms = 0
        self._cause = self.protection.cause
        self._current_ma = 0
        self._on_sample = self._sample  # made once: an interrupt makes nothing
        self._line.irq(self._on_sample, self._line.IRQ_RISING)

    def _open_contact(self, settings, board):
        if not settings.coils:
            return board.breaker(1 if self.is_closed else 0)
        from drivers.latching_relay import Contact

        return Contact(board.breaker_coils(), board.pulse_timer(), self.is_closed)

    def is_locked_out(self):
        return self._manual.value() == 0

    @property
    def cause(self):
        """Why it is open, one of protection.CAUSES; "" while closed."""
        return self.protection.cause

    # -- samples ----------------------------------------------------------------------------

    # Called by the line, the timer and each look.
    def _sample(self, _source=None):
        permille = self._current.read_uv() * _CURRENT_IN // (_UV_MAX // 1000)
        current_ma = permille * (self._rated_ma // 10) // 100
        voltage_mv = self._voltage.read_uv() * (_VOLTAGE_V // 5) // (_UV_MAX // 5000)
        now_ms = time.ticks_ms()
        if self._period_ms == 0:
            self.protection.rest(now_ms, self._current_ma)  # or the line would have said so
        self._current_ma = current_ma
        self.protection.sample(now_ms, current_ma, voltage_mv, self.frequency_mhz)
        self._act()
        healthy = HEALTHY_MV[0] <= voltage_mv <= HEALTHY_MV[1]
        if permille >= ALERT_PERMILLE or not healthy or self._line.value():
            self._pace(FAST_MS)
        else:
            self._pace(SLOW_MS if self._waits() else 0)

    def _waits(self):
        protection = self.protection
        if 0 < self.frequency_mhz < _FREQUENCY_MHZ_LOW or protection.shedding.stage:
            return True
        return bool(protection.tripped and not protection.locked)

    def _pace(self, period_ms):
        if period_ms == self._period_ms:
            return
        begins = self._period_ms == 0
        self._period_ms = period_ms
        if begins:
            self._changed()
        if period_ms:
            self._timer.init(period=period_ms, mode=self._timer.PERIODIC, callback=self._on_sample)
        else:
            self._timer.deinit()

    def _act(self):
        closed = self.protection.closed
        if closed != self.is_closed:
            self.is_closed = closed
            self._contact.value(1 if closed else 0)
        cause = self.protection.cause
        if cause != self._cause:
            self._cause = cause
            self._changed()

    @property
    def is_watching(self):
        """Whether something is out of the ordinary, so that the metering chip should be asked more often."""
        return self._period_ms != 0

    def look(self, frequency_mhz):
        """With each look at the junction a sample, unless the timer takes them."""
        self.frequency_mhz = frequency_mhz
        if self._period_ms == 0:
            self._sample()

    # -- hands and commands -----------------------------------------------------------------

    def turn(self):
        """The manual switch may have been turned."""
        self.protection.switch(self.is_locked_out())
        self._act()

    def command(self, closed, until_s):
        """A verified command. Returns "" when obeyed, else the cause that stands above it."""
        refused = self.protection.command(closed)
        if not refused:
            self.held_until_s = 0 if closed else until_s
            self._act()
        return refused

    def expire(self, now_s):
        """A command to open lasts until its time; then comes the safe state, closed."""
        if self.held_until_s and now_s >= self.held_until_s:
            self.held_until_s = 0
            self.protection.command(True)
            self._act()

    # -- what outlives a power cut ----------------------------------------------------------

    def keep(self):
        """Save what changed since it was last saved."""
        now = self.protection.snapshot() + [self.held_until_s]
        if now == self._kept:
            return
        with open(self._path + ".new", "w") as file:
            json.dump(now, file)
        os.rename(self._path + ".new", self._path)
        self._kept = now

    def _load(self):
        try:
            with open(self._path) as file:
                kept = json.load(file)
        except (OSError, ValueError):
            return None  # the first boot
        known = isinstance(kept, list) and len(kept) == 5 and kept[1] in CAUSES
        return kept if known else None

    # -- what is told of it -----------------------------------------------------------------

    def report(self, faults, now_s):
        """Tell `faults` why it is open, if by itself or by hand, and which stages of load shedding are in force."""
        protection, value = self.protection, self.value()
        cause, stage = protection.cause, protection.shedding.stage
        for one in CAUSES:
            if one not in ("", COMMAND):
                faults.report("breaker_" + one, b"", now_s, one == cause, value)
        faults.report("breaker_failed", b"", now_s, protection.failed, value)
        for number in range(1, _OPEN_AT_STAGE + 1):
            faults.report("load_shed", bytes((number,)), now_s, stage >= number, number)

    def value(self):
        """How often it has closed again; LOCKED_OUT when it will not."""
        reclose = self.protection.reclose
        return LOCKED_OUT if reclose.locked or self.protection.cause == MANUAL else reclose.count
