"""`machine.Timer`: its callbacks run while the board waits, as those of pins do. One at rest costs nothing."""

import board_channel as bench


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **options):
        self.id = id
        self._period_ms = 0
        self._mode = Timer.PERIODIC
        self._callback = None
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, freq=-1, period=-1, callback=None, hard=False):
        self.deinit()
        self._period_ms = period if period > 0 else max(1, int(1000 / freq))
        self._mode = mode
        self._callback = callback
        self.due_ms = bench.now_ms + self._period_ms
        bench.timers.append(self)

    def deinit(self):
        if self in bench.timers:
            bench.timers.remove(self)

    def fire(self):
        if self._mode == Timer.ONE_SHOT:
            self.deinit()
        self.due_ms += self._period_ms
        if self._callback:
            self._callback(self)

    def value(self):
        return self._period_ms - (self.due_ms - bench.now_ms)
