"""
An S0 pulse input (IEC 62053-31, class A): a meter closes a contact to ground for at least
30 ms per unit of energy. The interrupt only looks at the level and the time; a pulse counts
when the contact has been closed for LOW_MS_MIN, bounces and interference do not.

ESP32 delivers edges through MicroPython's scheduler: edges that wait longer than a pulse
for their turn are lost with it. Where a board signs by portable code (seconds), use the
pulse counter of the hardware instead.
"""

LOW_MS_MIN = 20
BOUNCE_MS = 10  # an opening shorter than this is a bounce in the middle of a pulse

_TICKS_MASK = 0x3FFFFFFF  # time.ticks_ms wraps


class S0Pulse:
    """
    pin: an input with pull-up, 0 while the contact is closed; triggers: its both edges,
    Pin.IRQ_FALLING | Pin.IRQ_RISING. store: `load()` the count kept, `save(count)`. ticks_ms: a function.
    """

    def __init__(self, pin, triggers, store, ticks_ms, pulses_per_kwh=1000):
        self.count = self._kept = store.load()
        self._pin = pin
        self._store = store
        self._ticks_ms = ticks_ms
        self._pulses_per_kwh = pulses_per_kwh
        self._low_since = ticks_ms()
        self._high_since = (self._low_since - BOUNCE_MS) & _TICKS_MASK
        self._is_low = False
        self._counted = True
        pin.irq(handler=self._edge, trigger=triggers)

    @property
    def energy_wh(self):
        """What all pulses ever counted stand for."""
        return self.count * 1000 // self._pulses_per_kwh

    def keep(self):
        """Save the count if it moved: with every reading, not with every pulse. A power cut loses what came since."""
        count = self.count
        if count != self._kept:
            self._store.save(count)
            self._kept = count

    # The interrupt: no allocation, no call but to the pin and the clock.
    def _edge(self, pin):
        now_ms = self._ticks_ms()
        is_low = not pin.value()
        if is_low == self._is_low:
            return
        self._is_low = is_low
        if is_low:
            if (now_ms - self._high_since) & _TICKS_MASK >= BOUNCE_MS:
                self._low_since = now_ms
                self._counted = False
            return
        self._high_since = now_ms
        if not self._counted and (now_ms - self._low_since) & _TICKS_MASK >= LOW_MS_MIN:
            self._counted = True
            self.count += 1
