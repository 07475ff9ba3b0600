"""
A push button, or a switch that stays: looked at often, believed when it has kept still for
DEBOUNCE_MS. Held long it means something else, and says so while it is still held.
"""

PRESSED = "pressed"
HELD = "held"
RELEASED = "released"

DEBOUNCE_MS = 30
LONG_MS = 3000
_TICKS_MASK = 0x3FFFFFFF  # time.ticks_ms wraps


class Button:
    """pin: an input, 0 while pressed (pull-up). `is_pressed` is the believed position."""

    def __init__(self, pin, now_ms, debounce_ms=DEBOUNCE_MS, long_ms=LONG_MS):
        self.is_pressed = self._seen = not pin.value()
        self._pin = pin
        self._debounce_ms = debounce_ms
        self._long_ms = long_ms
        self._moved_ms = self._pressed_ms = now_ms
        self._held = False

    def step(self, now_ms):
        """Look at the pin. Returns PRESSED, HELD or RELEASED at the moment it becomes so, else None."""
        seen = not self._pin.value()
        if seen != self._seen:
            self._seen = seen
            self._moved_ms = now_ms
        still = (now_ms - self._moved_ms) & _TICKS_MASK >= self._debounce_ms
        if still and seen != self.is_pressed:
            return self._change(seen, now_ms)
        if self.is_pressed and not self._held and (now_ms - self._pressed_ms) & _TICKS_MASK >= self._long_ms:
            self._held = True
            return HELD
        return None

    def _change(self, is_pressed, now_ms):
        self.is_pressed = is_pressed
        self._held = False
        self._pressed_ms = now_ms
        return PRESSED if is_pressed else RELEASED
