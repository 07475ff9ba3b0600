"""
Energy is what a device has measured in its life: four totals, and the chips' counters
they were taken from. It is written beside every reading, as a note, so that totals and
readings can never disagree after a power cut.

consumed, produced: a register each. The battery has one unsigned register; which way it
counted is the direction the battery had.
"""

import struct

from register import Register

_NOTE = ">IIIbQQQQQ"
_UNSEEN = 0xFFFFFFFF

CHARGING = 1
DISCHARGING = -1


class Energy:
    def __init__(self):
        self.consumed = Register()
        self.produced = Register()
        self.battery = Register()
        self.charged_wh = 0  # of the battery's total
        self.direction = CHARGING
        self.seen_s = 0  # UTC of the last look, 0 before the first

    def totals_wh(self):
        """(consumed, produced, charged, discharged)."""
        charged_wh = self.charged_wh
        return (self.consumed.total_wh, self.produced.total_wh, charged_wh, self.battery.total_wh - charged_wh)

    def turn(self, power_w):
        """The battery's power is this now, charging positive; at 0 W the last direction counts."""
        if power_w:
            self.direction = CHARGING if power_w > 0 else DISCHARGING

    def advance_battery(self, count_wh, elapsed_s, power_w, end_wh):
        """Book the battery's counter. power_w: as above."""
        self.turn(power_w)
        flowed_wh = self.battery.advance(count_wh, elapsed_s, end_wh)
        if self.direction == CHARGING:
            self.charged_wh += flowed_wh

    def note(self):
        """Everything above, as bytes."""
        counts = [_UNSEEN if r.count_wh is None else r.count_wh for r in (self.consumed, self.produced, self.battery)]
        totals = (self.consumed.total_wh, self.produced.total_wh, self.battery.total_wh, self.charged_wh)
        return struct.pack(_NOTE, *(counts + [self.direction] + list(totals) + [self.seen_s]))


def from_note(note):
    """The Energy that `note` holds."""
    energy = Energy()
    parts = struct.unpack(_NOTE, note)
    registers = []
    for i in range(3):
        registers.append(Register(parts[4 + i], None if parts[i] == _UNSEEN else parts[i]))
    energy.consumed, energy.produced, energy.battery = registers
    energy.direction, energy.charged_wh, energy.seen_s = parts[3], parts[7], parts[8]
    return energy


def later(note, other):
    """Of two notes of one device (or None), the one written later: totals and time only grow."""
    if note is None or other is None:
        return note or other
    return note if struct.unpack(_NOTE, note)[4:] >= struct.unpack(_NOTE, other)[4:] else other
