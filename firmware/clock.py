"""
A Clock is what a device takes UTC to be: its own ticks since somebody it trusts told
the time. The board's real-time clock is only watched: when it moves against the ticks,
somebody or something set it, and the time is asked for again.

Only an answer signed together with this device's own challenge sets the clock. What it
says never goes backwards, so nothing signed does. Before the first answer there is no time.

Ticks drift by some tens of millionths. How much is learned from answers hours apart, no finer
than whole seconds allow, and taken into account in between.
"""

_TOLERANCE_MS = 2000  # signed time has whole seconds and a way to go
_ANSWER_MS_MAX = 5000  # an answer older than this says little about now
_RESOLUTION_MS = 1000
_DRIFT_MS_MIN = 5 * 3600 * 1000  # answers closer together say nothing of a drift
_DRIFT_PPM_MAX = 200  # no crystal is worse
_LATE_MS = 120000  # what was signed this long ago by this clock may have been long on its way, or the clock is ahead
_RTC_MS = 3000  # how far the real-time clock may move against the ticks between two looks


class Clock:
    # ticks_ms() and ticks_diff(): MicroPython's. rtc_s(): the board's clock, any epoch.
    # floor_s: UTC of the last thing this device signed. on_fault(): the clock was wrong. drift_ppm: as known before.
    def __init__(self, ticks_ms, ticks_diff, rtc_s, floor_s, on_fault, drift_ppm=0):
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._rtc_s = rtc_s
        self._on_fault = on_fault
        self._ticks = ticks_ms()
        self._uptime_ms = 0
        self._offset_ms = None
        self._since_ms = 0  # when the offset was measured
        self.drift_ppm = max(-_DRIFT_PPM_MAX, min(drift_ppm, _DRIFT_PPM_MAX))  # positive: the ticks are slow
        self._floor_ms = floor_s * 1000
        self._challenge = None
        self._asked_ms = 0
        self._stepped = False
        self._rtc_ms = rtc_s() * 1000

    # Ticks wrap around after some days: they are summed up at least once in every sample.
    def uptime_ms(self):
        """Milliseconds since start."""
        ticks = self._ticks_ms()
        self._uptime_ms += self._ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._uptime_ms

    def uptime_s(self):
        return self.uptime_ms() // 1000

    def is_set(self):
        return self._offset_ms is not None

    # UTC by the ticks alone, whatever was said before.
    def _at(self, now_ms):
        return now_ms + self._offset_ms + self.drift_ppm * (now_ms - self._since_ms) // 1000000

    def utc_ms(self):
        """UTC in milliseconds; the clock must be set."""
        assert self._offset_ms is not None
        self._floor_ms = max(self._floor_ms, self._at(self.uptime_ms()))
        return self._floor_ms

    def utc_s(self):
        """UTC in whole seconds, or None before the clock was set."""
        return self.utc_ms() // 1000 if self.is_set() else None

    def elapsed_s(self, since_s, since_up_s):
        """Since UTC since_s or this uptime (None: before the start), the longer one: UTC may stand still."""
        up_s = 0 if since_up_s is None else self.uptime_s() - since_up_s
        return max(0, self.utc_s() - since_s, up_s)

    def ask(self, challenge):
        """Remember the challenge (bytes) that goes out now."""
        self._challenge = challenge
        self._asked_ms = self.uptime_ms()

    # One of four things happened:
    # 1 an answer to another question, or one that was long on its way: no news
    # 2 the first answer: the clock is set
    # 3 the clock was right
    # 4 it was wrong: it is set, the fault is counted, and the next reading says so
    def answer(self, time_s, challenge):
        """A signed Time came (verified). Returns whether the clock is now known to be right."""
        now_ms = self.uptime_ms()
        if challenge != self._challenge or now_ms - self._asked_ms > _ANSWER_MS_MAX:
            return False
        self._challenge = None
        offset_ms = time_s * 1000 - now_ms
        if self._offset_ms is None:
            self._offset_ms, self._since_ms = offset_ms, now_ms
            self._stepped = now_ms + offset_ms + _TOLERANCE_MS < self._floor_ms
            return True
        error_ms = time_s * 1000 - self._at(now_ms)
        self._learn_drift(now_ms - self._since_ms, offset_ms - self._offset_ms)
        if abs(error_ms) > _TOLERANCE_MS:
            self._offset_ms, self._since_ms = offset_ms, now_ms
            self._stepped = True
            self._on_fault()
        return True

    # Two answers of whole seconds bound the drift; what is believed moves no further than into the bounds.
    # More than a crystal's drift is none.
    def _learn_drift(self, elapsed_ms, gained_ms):
        if elapsed_ms < _DRIFT_MS_MIN:
            return
        low = (gained_ms - _RESOLUTION_MS) * 1000000 // elapsed_ms
        high = (gained_ms + _RESOLUTION_MS) * 1000000 // elapsed_ms
        if low <= _DRIFT_PPM_MAX and high >= -_DRIFT_PPM_MAX:
            self.drift_ppm = max(-_DRIFT_PPM_MAX, min(max(self.drift_ppm, low), high, _DRIFT_PPM_MAX))

    def contradicts(self, issued_s):
        """Whether something signed just now (its `issued_s`, verified) is of another time by this clock."""
        if not self.is_set():
            return False
        return not -_LATE_MS <= issued_s * 1000 - self._at(self.uptime_ms()) <= _TOLERANCE_MS

    def rtc_moved(self):
        """Whether the real-time clock moved against the ticks since the last look; counted as a fault."""
        difference_ms = self._rtc_s() * 1000 - self.uptime_ms()
        moved = abs(difference_ms - self._rtc_ms) > _RTC_MS
        self._rtc_ms = difference_ms
        if moved:
            self._on_fault()
        return moved

    def take_uncertain(self):
        """Whether the clock was wrong, or stood still, since this was last asked."""
        held = self.is_set() and self._at(self.uptime_ms()) + _TOLERANCE_MS < self._floor_ms
        uncertain = self._stepped or held
        self._stepped = False
        return uncertain
