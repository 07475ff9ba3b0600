"""
EnergyBalance holds the M-LMD's own measurement at the junction against the sum of its
meters, window by window and over the last day.

    missing = (import - export) - sum of (consumed - produced + charged - discharged)

Measured perfectly, what is missing is what the lines between turn to heat. It is measured with
an error of at most, over a span of time:

    1 Wh          for each register: the difference of two readings cut to whole Wh is off by less
    2 Wh          for each window in which a battery worked: the fraction at a change of
                  direction is booked to the other one, on both sides of the difference
    2 t P         for each meter: both ends of the span may lie t seconds apart from the
                  junction's, and at most P flows through its service meanwhile
    c / (1 - c)   of all energy registered: chips of class c, all wrong in the worst direction
    s             for each chip: below its starting power it registers nothing

Windows touch, so over a day the first and the third stay as they are; what remains is c.
The lines take at most R I / U of what flows (R: both conductors, I: the highest current),
which is the loss_permille below. So four verdicts:

    missing < -error                  surplus: a meter or the junction's chip is wrong
    missing <= error                  balanced: nothing can be told from nothing
    missing <= error + loss           technical loss, as far as anybody can tell
    missing > error + loss            unaccounted: theft, or a meter that registers too little

Not bounded here: a battery that turns by itself between two samples, current that is not sinusoidal.
"""

from array import array
from collections import namedtuple

from wire.reading import CHIP_SILENT, TIME_UNCERTAIN

SURPLUS = "surplus"
BALANCED = "balanced"
TECHNICAL_LOSS = "technical_loss"
UNACCOUNTED = "unaccounted"

Balance = namedtuple("Balance", ("begin_s", "end_s", "missing_wh", "error_wh", "loss_wh", "verdict"))

# power_w_max: P, of one meter's service; starting_w: s; class_permille: c; skew_s: t.
Settings = namedtuple("Settings", ("power_w_max", "loss_permille", "skew_s", "class_permille", "starting_w"))
# A class 1 chip has 1 % from a tenth of its current and 1.5 % down to a twentieth.
DEFAULTS = Settings(10_000, 30, 2, 10, 1)

DAY_WINDOWS = 96
_BATTERY_WH = 2

# Of one window, in an array: Wh missing, all Wh registered, Wh through the meters, meters with a battery at work.
_NUMBERS = 4


def loss_permille(resistance_mohm, current_ma_max, voltage_mv=230_000, power_factor_permille=900):
    """The most that lines of resistance_mohm (both conductors, junction to the farthest meter) take of what flows."""
    return -(-resistance_mohm * current_ma_max * 1000 // (voltage_mv * power_factor_permille))


def totals(record):
    """The four totals of a record, in Wh."""
    return (
        record.consumed_total_wh,
        record.produced_total_wh,
        record.charged_total_wh,
        record.discharged_total_wh,
    )


def error_wh(settings, registers, chips, meters, turns, span_s, gross_wh):
    """The bound that is derived above, rounded up."""
    class_wh = -(-(gross_wh + registers) * settings.class_permille // (1000 - settings.class_permille))
    skew_wh = -(-2 * settings.skew_s * settings.power_w_max * meters // 3600)
    starting_wh = -(-settings.starting_w * chips * span_s // 3600)
    return registers + _BATTERY_WH * turns + skew_wh + class_wh + starting_wh


def verdict(missing_wh, error, loss_wh):
    """One of the four."""
    if missing_wh < -error:
        return SURPLUS
    if missing_wh <= error:
        return BALANCED
    return TECHNICAL_LOSS if missing_wh <= error + loss_wh else UNACCOUNTED


class EnergyBalance:
    """
    meter_ids: all meters behind this junction. A window that lacks one is balanced together
    with the next that has all: totals make up for it.
    """

    def __init__(self, meter_ids, settings=DEFAULTS):
        self._meter_ids = tuple(meter_ids)
        self._settings = settings
        # A ring of a day's windows, made at once: a heap that has been in use has no such room in one piece.
        self._begins = array("I", bytes(4 * DAY_WINDOWS))
        self._numbers = array("q", bytes(8 * DAY_WINDOWS * _NUMBERS))
        self._count = self._next = 0  # windows in it, and where the next one goes
        self._end_s = 0
        self._totals = {}  # id -> totals at _end_s; None: the junction's

    def close(self, end_s, junction, meters):
        """
        Balance the window that ends at end_s. junction: the M-LMD's own Record; meters: id ->
        Record. Returns (Balance since the last one, Balance of the last day), or () when a record is
        missing or says that it cannot be trusted.
        """
        records = {meter_id: meters.get(meter_id) for meter_id in self._meter_ids}
        records[None] = junction
        if end_s <= self._end_s or not all([_is_usable(record, end_s) for record in records.values()]):
            return ()
        now = {key: totals(record) for key, record in records.items()}
        window = self._window(now)
        if window:
            self._keep(self._end_s, window)
        else:
            self._count = 0
        self._end_s, self._totals = end_s, now
        return (self._balance(1), self._balance(self._count)) if window else ()

    def _keep(self, begin_s, window):
        at = self._next
        self._begins[at] = begin_s
        for i in range(_NUMBERS):
            self._numbers[_NUMBERS * at + i] = window[i]
        self._next = (at + 1) % DAY_WINDOWS
        self._count = min(self._count + 1, DAY_WINDOWS)

    # None for the first, and when a total fell: another meter.
    def _window(self, now):
        if not self._totals:
            return None
        steps = {key: [a - b for a, b in zip(now[key], before)] for key, before in self._totals.items()}
        if any([step < 0 for four in steps.values() for step in four]):
            return None
        junction = steps.pop(None)
        through_wh = sum([sum(four) for four in steps.values()])
        return (
            _net(junction) - sum([_net(four) for four in steps.values()]),
            through_wh + sum(junction),
            through_wh,
            sum([1 for four in steps.values() if four[2] or four[3]]),
        )

    # Of the last `count` windows.
    def _balance(self, count):
        first = (self._next - count) % DAY_WINDOWS
        sums = [0] * _NUMBERS
        for number in range(count):
            at = (first + number) % DAY_WINDOWS * _NUMBERS
            for i in range(_NUMBERS):
                sums[i] += self._numbers[at + i]
        missing_wh, gross_wh, through_wh, turns = sums
        begin_s = self._begins[first]
        registers, chips = self._counts()
        bound_wh = error_wh(
            self._settings,
            registers,
            chips,
            len(self._meter_ids),
            turns,
            self._end_s - begin_s,
            gross_wh,
        )
        loss_wh = -(-through_wh * self._settings.loss_permille // 1000)
        return Balance(begin_s, self._end_s, missing_wh, bound_wh, loss_wh, verdict(missing_wh, bound_wh, loss_wh))

    # Registers that ever moved, and the chips they are in: a battery's two are one, as are the junction's.
    def _counts(self):
        registers, chips = 2, 1
        for key, (consumed, produced, charged, discharged) in self._totals.items():
            if key is not None:
                used = bool(consumed) + bool(produced) + bool(charged or discharged)
                registers += used
                chips += used
        return registers, chips


def _net(four):
    return four[0] - four[1] + four[2] - four[3]


# A silent chip's energy is in a later record, an uncertain time is no boundary.
def _is_usable(record, end_s):
    return (
        record is not None
        and record.start_s + record.duration_s == end_s
        and not record.flags & (CHIP_SILENT | TIME_UNCERTAIN)
    )
