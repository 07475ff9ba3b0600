"""
A meter's S0 output and the wire to the board: a contact that closes for 30 ms or more per
unit of energy, bounces when it moves, and picks up interference on the way.

Source: IEC 62053-31, class A. Imports nothing MicroPython lacks.
"""

import random

PULSE_MS = 40
_BOUNCE_MS = 3


def pulse(start_ms: int, length_ms: int = PULSE_MS) -> list:
    """One clean pulse: (time, level) of each edge; 0 is closed."""
    return [(start_ms, 0), (start_ms + length_ms, 1)]


def bouncing(start_ms: int, source: random.Random, length_ms: int = PULSE_MS) -> list:
    """One pulse of a contact that bounces for some milliseconds when it closes and when it opens."""
    edges = []
    for begin_ms, level in ((start_ms, 0), (start_ms + length_ms, 1)):
        at_ms = begin_ms
        for _ in range(source.randrange(4)):
            edges += [(at_ms, level), (at_ms + 1, 1 - level)]
            at_ms += 2
        edges.append((min(at_ms, begin_ms + 2 * _BOUNCE_MS), level))
    return edges


def spike(at_ms: int, length_ms: int = 1) -> list:
    """Interference: the wire is low for a moment."""
    return [(at_ms, 0), (at_ms + length_ms, 1)]


class S0Output:
    """Counts energy and closes its contact once per unit: `advance` gives the edges of the time that passed."""

    def __init__(self, pulses_per_kwh: int = 1000):
        self.pulses = 0
        self._unit_uj = 3_600_000_000_000 // pulses_per_kwh
        self._rest_uj = 0

    def advance(self, now_ms: int, elapsed_ms: int, power_w: int) -> list:
        """Edges of the pulses due in the elapsed_ms before now_ms."""
        edges = []
        self._rest_uj += power_w * elapsed_ms * 1000
        while self._rest_uj >= self._unit_uj:
            self._rest_uj -= self._unit_uj
            ago_ms = self._rest_uj // (power_w * 1000)
            edges += pulse(now_ms - ago_ms)
            self.pulses += 1
        return edges
