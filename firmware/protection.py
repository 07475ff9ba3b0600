"""
Protection is what the M-LMD's breaker decides by itself, from samples and a hand at the
switch, with no network: overcurrent (trip_curve), voltage, frequency (load_shedding),
reclosing (reclose). Commands only say whether it is wanted closed; each of these is
above them.

    closed = wanted by command, and not locked out by hand, and not tripped, and not shed

It decides in the very call that brings the sample. Call it at least every
SAMPLE_MS_MAX: a sample never stands for longer than that. The voltage is the supply
side's, so that it is known while the breaker is open.
"""

from collections import namedtuple

from load_shedding import LoadShedding
from reclose import Reclose
from trip_curve import RATED_HEAT, TripCurve

# Why the breaker is open. Append, never reorder: the index is the code in events.
CAUSES = ("", "manual", "command", "overload", "instantaneous", "overvoltage", "undervoltage", "underfrequency")
MANUAL, COMMAND, OVERVOLTAGE, UNDERVOLTAGE, UNDERFREQUENCY = CAUSES[1], CAUSES[2], CAUSES[5], CAUSES[6], CAUSES[7]

# Trips when the voltage has been beyond limit_mv for delay_ms.
VoltageStage = namedtuple("VoltageStage", ("limit_mv", "delay_ms"))

# EN 50550: no trip at 255 V; 3..15 s at 275 V, 1..5 s at 300 V, 0.25..0.75 s at 350 V, 0.07..0.20 s at 400 V.
OVERVOLTAGE_STAGES = (
    VoltageStage(265_000, 8_000),
    VoltageStage(290_000, 2_000),
    VoltageStage(340_000, 400),
    VoltageStage(390_000, 120),
)
# EN 50549-1, 4.9.3: undervoltage stage 1 and 2.
UNDERVOLTAGE_STAGES = (VoltageStage(184_000, 3_000), VoltageStage(103_500, 300))
# EN 50160: where the supply counts as healthy.
HEALTHY_MV = (207_000, 253_000)

SAMPLE_MS_MAX = 2_000
# Below this the frequency a chip reports is noise: load shedding holds still.
_FREQUENCY_MV_MIN = 103_500
# An open breaker that carries more than this for this long has not opened.
_FAILED_MS = 200
_FAILED_PERMILLE = 20
# time.ticks_ms wraps after 2**30 ms.
_TICKS_MASK = 0x3FFFFFFF


# Definite-time elements, the mildest first: beyond its limit for its delay. sign: 1 over, -1 under.
# Inside the mildest limit, nearly always, nothing is allocated.
class _Delays:
    def __init__(self, stages, sign):
        self._stages = stages
        self._sign = sign
        self._beyond_ms = [0] * len(stages)
        self._counting = False

    def step(self, elapsed_ms, voltage_mv):
        if (voltage_mv - self._stages[0].limit_mv) * self._sign <= 0:
            if self._counting:
                self._beyond_ms = [0] * len(self._stages)
                self._counting = False
            return False
        self._counting = True
        fired = False
        for i, stage in enumerate(self._stages):
            beyond = (voltage_mv - stage.limit_mv) * self._sign > 0
            self._beyond_ms[i] = self._beyond_ms[i] + elapsed_ms if beyond else 0
            fired = fired or (beyond and self._beyond_ms[i] >= stage.delay_ms)
        return fired


class Protection:
    """
    curve: a TripCurve; shedding: a LoadShedding, whose stage open_at_stage opens this
    breaker (None: never); snapshot: what snapshot() gave before the power went.
    """

    def __init__(self, curve, reclose=None, shedding=None, open_at_stage=None, snapshot=None):
        self.curve = curve
        self.reclose = Reclose() if reclose is None else reclose
        self.shedding = LoadShedding() if shedding is None else shedding
        self.tripped = ""
        self.failed = False
        self._open_at_stage = open_at_stage
        self._wanted = True
        self._manual = False
        self._over = _Delays(OVERVOLTAGE_STAGES, 1)
        self._under = _Delays(UNDERVOLTAGE_STAGES, -1)
        self._last_ms = None
        self._failed_ms = 0
        if snapshot is not None:
            self._restore(snapshot)

    @property
    def closed(self):
        """Whether the contact has to be closed now."""
        return not self.cause

    @property
    def cause(self):
        """Why it is open, one of CAUSES; "" while closed."""
        if self._manual:
            return MANUAL
        if self.tripped:
            return self.tripped
        if self._is_shed():
            return UNDERFREQUENCY
        return "" if self._wanted else COMMAND

    @property
    def locked(self):
        """Whether only a hand can close it again."""
        return self._manual or self.reclose.locked

    def sample(self, now_ms, current_ma, voltage_mv, frequency_mhz):
        """One sample; now_ms: ticks or any milliseconds that wrap at 2**30. Returns `closed`."""
        elapsed_ms = 0 if self._last_ms is None else min((now_ms - self._last_ms) & _TICKS_MASK, SAMPLE_MS_MAX)
        self._last_ms = now_ms
        cause = self._trip_cause(elapsed_ms, current_ma, voltage_mv)
        self.shedding.step(elapsed_ms, frequency_mhz if voltage_mv >= _FREQUENCY_MV_MIN else 0)
        if cause and not self.tripped:
            self.tripped = cause
            self.reclose.trip(cause)
        elif self.reclose.step(elapsed_ms, not cause and self._is_healthy(voltage_mv)):
            self.tripped = ""
        self._watch_contact(elapsed_ms, current_ma)
        return self.closed

    def rest(self, now_ms, current_ma):
        """No samples were taken since the last one, because all was within its limits; current_ma flowed."""
        if self._last_ms is not None:
            elapsed_ms = (now_ms - self._last_ms) & _TICKS_MASK
            self.curve.rest(elapsed_ms, current_ma)
            if self.closed:
                self.reclose.step(elapsed_ms, True)
        self._last_ms = now_ms

    def command(self, closed):
        """A verified command. Returns "" when obeyed, else the cause that stands above it."""
        if closed and self.cause not in ("", COMMAND):
            return self.cause
        self._wanted = closed
        return ""

    def switch(self, locked_out):
        """The manual switch's position. Turning it back from lock-out forgives every trip."""
        if self._manual and not locked_out:
            self.tripped = ""
            self.reclose.reset()
        self._manual = locked_out

    def snapshot(self):
        """What must outlive a power cut; save it when it changes."""
        return [self._wanted, self.tripped, self.reclose.count, self.reclose.locked]

    def _restore(self, snapshot):
        self._wanted, self.tripped, count, locked = snapshot
        self.reclose.resume(self.tripped, count, locked)

    def _trip_cause(self, elapsed_ms, current_ma, voltage_mv):
        cause = self.curve.step(elapsed_ms, current_ma)
        over = self._over.step(elapsed_ms, voltage_mv)
        under = self._under.step(elapsed_ms, voltage_mv)
        return cause or (OVERVOLTAGE if over else UNDERVOLTAGE if under else "")

    def _is_shed(self):
        return self._open_at_stage is not None and self.shedding.stage >= self._open_at_stage

    def _is_healthy(self, voltage_mv):
        return HEALTHY_MV[0] <= voltage_mv <= HEALTHY_MV[1] and self.curve.cool and not self._is_shed()

    # ANSI 50BF, breaker failure.
    def _watch_contact(self, elapsed_ms, current_ma):
        flows = abs(current_ma) * 1000 > self.curve.rated_ma * _FAILED_PERMILLE
        self._failed_ms = self._failed_ms + elapsed_ms if flows and not self.closed else 0
        self.failed = self._failed_ms >= _FAILED_MS


def standard(letter, rated_ma, snapshot=None):
    """A Protection with the standards' settings."""
    return Protection(TripCurve(letter, rated_ma, RATED_HEAT), snapshot=snapshot)
