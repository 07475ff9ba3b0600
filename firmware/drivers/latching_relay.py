"""
A latching relay: one coil closes it, another opens it, each by a short pulse. Both at once
would leave the contact anywhere, so there is one place that drives a coil, and it lets go of
the other first. Somebody has to call step() to end a pulse; a watchdog's reset ends it, too.
"""

import time

PULSE_MS = 50
_TICKS_MASK = 0x3FFFFFFF  # time.ticks_ms wraps


class LatchingRelay:
    """
    close_pin, open_pin: outputs, 1 drives the coil. After power-on nobody knows where the contact
    is: `is_closed` is None until the first drive().
    """

    def __init__(self, close_pin, open_pin, pulse_ms=PULSE_MS):
        self.is_closed = None
        self._pins = (open_pin, close_pin)
        self._pulse_ms = pulse_ms
        self._since_ms = 0
        self._driving = False
        self._let_go()

    def drive(self, closed, now_ms):
        """Bring the contact there, at once, whatever pulse is running. Returns whether this changed anything."""
        if closed == self.is_closed:
            return False
        self._let_go()
        self._pins[1 if closed else 0].value(1)
        self._driving = True
        self._since_ms = now_ms
        self.is_closed = closed
        return True

    def repeat(self, now_ms):
        """Drive once more to where it should be: for a contact that did not follow."""
        closed, self.is_closed = self.is_closed, None
        if closed is not None:
            self.drive(closed, now_ms)

    def step(self, now_ms):
        """End the pulse when its time is over."""
        if self._driving and (now_ms - self._since_ms) & _TICKS_MASK >= self._pulse_ms:
            self._let_go()

    def _let_go(self):
        for pin in self._pins:
            pin.value(0)
        self._driving = False


class Contact:
    """
    A latching relay where a breaker's contact is: value(1) closes it, value(0) opens it, also in an interrupt, and a
    timer ends the pulse. coils: the pins that close and open it.
    """

    def __init__(self, coils, timer, closed):
        self._relay = LatchingRelay(*coils)
        self._timer = timer
        self._on_end = self._end  # made once: an interrupt makes nothing
        self.value(closed)  # where it is nobody knows

    def value(self, level):
        if self._relay.drive(bool(level), time.ticks_ms()):
            self._timer.init(period=PULSE_MS, mode=self._timer.ONE_SHOT, callback=self._on_end)

    def _end(self, _timer):
        self._relay.step(time.ticks_ms())
