"""
The LED tells a person at the device what it is doing, by a pattern: milliseconds on,
off, on, off ... and again from the start.
"""

OFF = ()
ON = (1000, 0)
WORKING = (50, 2950)  # a short blink every three seconds
NO_TIME = (500, 500)
NO_NETWORK = (100, 100, 100, 1700)
TRIPPED = (100, 100, 100, 100, 100, 1500)
LOCKED_OUT = (1500, 500)
FAULT = (100, 100)
UPDATING = (900, 100)

_TICKS_MASK = 0x3FFFFFFF  # time.ticks_ms wraps


class Led:
    """pin: an output, 1 = lit (0 with lit_at=0)."""

    def __init__(self, pin, lit_at=1):
        self._pin = pin
        self._lit_at = lit_at
        self._pattern = OFF
        self._started_ms = 0
        self._light(False)

    def show(self, pattern, now_ms):
        """Begin `pattern`, unless it is running already."""
        assert len(pattern) % 2 == 0
        if pattern != self._pattern:
            self._pattern = pattern
            self._started_ms = now_ms
        self.step(now_ms)

    def step(self, now_ms):
        """Light the LED as its pattern says for this moment."""
        period_ms = sum(self._pattern)
        if not period_ms:
            self._light(False)
            return
        at_ms = ((now_ms - self._started_ms) & _TICKS_MASK) % period_ms
        lit = True
        for length_ms in self._pattern:
            if at_ms < length_ms:
                break
            at_ms -= length_ms
            lit = not lit
        self._light(lit)

    def _light(self, lit):
        self._pin.value(self._lit_at if lit else 1 - self._lit_at)
