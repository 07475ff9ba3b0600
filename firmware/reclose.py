"""
Reclose decides when a breaker that tripped may close again by itself: after a dead
time that grows with each trip, only onto a healthy supply, and only so often. Then it
locks out, and a hand at the breaker has to say that the fault is gone.

A short circuit is never closed onto without a hand (EN 50557 asks for an assessment of
the fault first, and this device has none). Voltage comes from outside: those trips wait
longer each time and never lock out.
"""

from collections import namedtuple

# Dead time before the first, second ... reclosing; after the last it locks out or repeats the last.
Sequence = namedtuple("Sequence", ("dead_times_ms", "locks_out"))

SEQUENCES = {
    "overload": Sequence((60_000, 180_000, 600_000), True),
    "instantaneous": Sequence((), True),
    "overvoltage": Sequence((60_000, 300_000, 900_000), False),
    "undervoltage": Sequence((60_000, 300_000, 900_000), False),
}
SETTLE_MS = 10_000
RECLAIM_MS = 1_800_000


class Reclose:
    """
    `count`: reclosings since the breaker last stayed closed for reclaim_ms. `locked`:
    nothing but reset() ends it. settle_ms: how long the supply must have been healthy.
    """

    def __init__(self, sequences=None, settle_ms=SETTLE_MS, reclaim_ms=RECLAIM_MS):
        self.count = 0
        self.locked = False
        self._sequences = SEQUENCES if sequences is None else sequences
        self._settle_ms = settle_ms
        self._reclaim_ms = reclaim_ms
        self._dead_ms = 0
        self._waiting = False
        self._healthy_ms = 0
        self._closed_ms = 0

    def trip(self, cause):
        """The breaker opened for `cause`, a key of the sequences."""
        dead_times_ms, locks_out = self._sequences[cause]
        if locks_out and self.count >= len(dead_times_ms):
            self.locked = True
            self._waiting = False
            return
        self._dead_ms = dead_times_ms[min(self.count, len(dead_times_ms) - 1)]
        self._waiting = True
        self._healthy_ms = 0
        self.count += 1

    def step(self, elapsed_ms, healthy):
        """Let time pass: True at the one moment when the breaker is to close again."""
        if self.locked:
            return False
        if not self._waiting:
            self._reclaim(elapsed_ms)
            return False
        self._dead_ms = max(0, self._dead_ms - elapsed_ms)
        self._healthy_ms = self._healthy_ms + elapsed_ms if healthy else 0
        if self._dead_ms or not healthy or self._healthy_ms < self._settle_ms:
            return False
        self._waiting = False
        self._closed_ms = 0
        return True

    def reset(self):
        """A hand at the breaker: everything is forgiven."""
        self.count = 0
        self.locked = False
        self._waiting = False

    def resume(self, cause, count, locked):
        """After a boot: go on where the snapshot stood; a dead time that was running starts again."""
        self.count = count
        self.locked = locked
        if cause and not locked:
            self.count = max(0, count - 1)
            self.trip(cause)

    def _reclaim(self, elapsed_ms):
        if not self.count:
            return
        self._closed_ms += elapsed_ms
        if self._closed_ms >= self._reclaim_ms:
            self.count = 0
