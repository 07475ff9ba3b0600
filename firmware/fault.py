"""
A Fault is something that is wrong in a micro area: the M-LMD finds it from the readings it
carries and from its own measurement. It has a beginning and an end, and ends by itself
when what it was seen by is gone; both become signed events.

What is found here, and from what:
    meter_silent      no reading for two windows and a bit
    chip_silent       the meter says that its chip does not answer, and its mains are on
    register_stuck    power flows at the ends of four records in a row, no register moved between
    register_jumped   a total fell, or grew by more than the service can carry
    voltage_lost      less than half of the nominal voltage: a phase, or a fuse in front of a meter
    energy_unaccounted, energy_surplus   see energy_balance
    breaker_failed    see protection

A meter that books one of several registers wrongly, within what can flow, shows in the balance only.
"""

from collections import namedtuple

import energy_balance

from wire.event import CODES as KINDS
from wire.reading import CHIP_SILENT, TIME_UNCERTAIN, VOLTAGE_UNMEASURED

# subject: a meter's id, a phase's number, b"" for the area; end_s: 0 while it lasts; value: in the kind's unit.
Fault = namedtuple("Fault", ("kind", "subject", "begin_s", "end_s", "value"))

SILENT_S = 2 * 900 + 120
STUCK_W = 100
_STUCK_RECORDS = 3
_GOOD_RECORDS = 4  # after a jump
_JUMP_SLACK_WH = 2
_LOST_PERCENT = 50
_BACK_PERCENT = 80


class Faults:
    """Which faults there are. `active` maps (kind, subject) to its Fault."""

    def __init__(self):
        self.active = {}
        self._changes = []

    def report(self, kind, subject, now_s, present, value=0):
        """What a watch sees now; only a change is a change."""
        assert kind in KINDS[1:]
        fault = self.active.get((kind, subject))
        if present and fault is None:
            fault = self.active[kind, subject] = Fault(kind, subject, now_s, 0, value)
            self._changes.append(fault)
        elif fault is not None and not present:
            del self.active[kind, subject]
            self._changes.append(Fault(kind, subject, fault.begin_s, now_s, fault.value))

    def take_changes(self):
        """Faults that began (end_s 0) or ended since this was last called, oldest first."""
        changes, self._changes = self._changes, []
        return changes

    def of(self, subject, kinds):
        """Whether one of `kinds` is active for `subject`."""
        return any([(kind, subject) in self.active for kind in kinds])


class MeterWatch:
    """One meter, from the records it signs. power_w_max: what its service carries either way."""

    def __init__(self, meter_id, faults, power_w_max, now_s, nominal_mv=230_000):
        self.meter_id = meter_id
        self._faults = faults
        self._power_w_max = power_w_max
        self._heard_s = now_s
        self._nominal_mv = nominal_mv
        self._last = None
        self._idle = 0
        self._good = _GOOD_RECORDS

    def hear(self, now_s, record, is_fed=True):
        """
        A verified record of the meter arrived (wire/reading.py); an older one only shows that it lives. is_fed: whether
        the mains are on where it is.
        """
        self._heard_s = now_s
        self._report("meter_silent", now_s, False)
        self._report("chip_silent", now_s, is_fed and bool(record.flags & CHIP_SILENT))
        if record.flags & (CHIP_SILENT | TIME_UNCERTAIN):
            return
        last = self._last
        if last is not None and _end_s(record) <= _end_s(last):
            return
        self._last = record
        if not record.flags & VOLTAGE_UNMEASURED:
            PhaseWatch(self._faults, self._nominal_mv).hear(now_s, {self.meter_id: record.voltage_mv})
        if last is not None:
            self._judge_registers(now_s, last, record)

    def tick(self, now_s):
        """Time passes; at least once a window."""
        silent_s = now_s - self._heard_s
        self._report("meter_silent", now_s, silent_s > SILENT_S, silent_s)

    def _report(self, kind, now_s, present, value=0):
        self._faults.report(kind, self.meter_id, now_s, present, value)

    def _judge_registers(self, now_s, last, record):
        steps = [after - before for before, after in zip(energy_balance.totals(last), energy_balance.totals(record))]
        span_s = _end_s(record) - _end_s(last)
        most_wh = self._power_w_max * span_s * 11 // 36_000 + _JUMP_SLACK_WH
        jumps = [step for step in steps if not 0 <= step <= most_wh]
        self._good = 0 if jumps else self._good + 1
        self._report("register_jumped", now_s, self._good < _GOOD_RECORDS, jumps[0] if jumps else 0)
        flows = abs(last.power_w) >= STUCK_W and abs(record.power_w) >= STUCK_W
        self._idle = self._idle + 1 if flows and not any(steps) else 0
        self._report("register_stuck", now_s, self._idle >= _STUCK_RECORDS, record.power_w)


def _end_s(record):
    return record.start_s + record.duration_s


class PhaseWatch:
    """Voltages that have to be there: lost below half of nominal, back above four fifths."""

    def __init__(self, faults, nominal_mv=230_000):
        self._faults = faults
        self._lost_mv = nominal_mv * _LOST_PERCENT // 100
        self._back_mv = nominal_mv * _BACK_PERCENT // 100

    def hear(self, now_s, voltages_mv):
        """voltages_mv: subject (a phase's number, a meter's id) -> mV."""
        for subject, voltage_mv in voltages_mv.items():
            lost = self._faults.of(subject, ("voltage_lost",))
            limit_mv = self._back_mv if lost else self._lost_mv
            self._faults.report("voltage_lost", subject, now_s, voltage_mv < limit_mv, voltage_mv)


class BalanceWatch:
    """
    What the balance says, as faults. A day's balance counts without the windows that were found
    already: a fault ends with its last window. The subject names the meter whose chip or register is at
    fault at the same time, if there is one: then it is that meter, else nobody's: theft, or a meter that
    registers too little without showing it.
    """

    def __init__(self, faults, meter_ids):
        self._faults = faults
        self._meter_ids = meter_ids
        self._told = []  # balances of windows that were found, of the last day

    def hear(self, now_s, balances):
        """balances: what EnergyBalance.close() returned."""
        if not balances:
            return
        window, day = balances
        found = self._found(window, day)
        for kind, verdict in (
            ("energy_unaccounted", energy_balance.UNACCOUNTED),
            ("energy_surplus", energy_balance.SURPLUS),
        ):
            missing_wh = found.get(verdict)
            subject = b"" if missing_wh is None else self._suspect()
            for other in [s for k, s in self._faults.active if k == kind and s != subject]:
                self._faults.report(kind, other, now_s, False)
            self._faults.report(kind, subject, now_s, missing_wh is not None, missing_wh or 0)

    # verdict -> Wh missing, of the window or else of the rest of the day.
    def _found(self, window, day):
        self._told = [one for one in self._told if one.begin_s >= day.begin_s]
        found = {}
        rest_wh = day.missing_wh - sum([one.missing_wh for one in self._told])
        if window.verdict in (energy_balance.UNACCOUNTED, energy_balance.SURPLUS):
            self._told.append(window)
            rest_wh -= window.missing_wh
            found[window.verdict] = window.missing_wh
        suspicious = day.verdict in (energy_balance.UNACCOUNTED, energy_balance.SURPLUS) and day.verdict not in found
        if suspicious and energy_balance.verdict(rest_wh, day.error_wh, day.loss_wh) == day.verdict:
            found[day.verdict] = rest_wh
        return found

    def _suspect(self):
        for meter_id in self._meter_ids:
            if self._faults.of(meter_id, ("register_stuck", "register_jumped", "chip_silent", "meter_silent")):
                return meter_id
        return b""
