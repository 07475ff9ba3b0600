"""
A Hand at a push button where a board has no switch that stays: each press turns lock-out on or
off, at once, and a power cut does not undo it.
"""

import asyncio
import os
import time

from drivers.button import PRESSED, Button

_STEP_MS = 10
_QUIET_STEPS = 6  # longer than a bounce
_FILE = "locked_out"


class Hand:
    # pin: of the button, 0 while pressed. directory: where lock-out is kept.
    def __init__(self, pin, directory):
        self._pin = pin
        self._path = directory + "/" + _FILE
        self._locked = _FILE in os.listdir(directory)
        self._button = Button(pin, time.ticks_ms())

    def value(self):
        """As of a switch that stays: 0 while locked out."""
        return 0 if self._locked else 1

    async def follow(self, act):
        """The pin has moved: look at it until it keeps still. act(): async, called when lock-out was turned."""
        quiet = 0
        while quiet < _QUIET_STEPS:
            if self._button.step(time.ticks_ms()) == PRESSED:
                self._turn()
                await act()
            quiet = quiet + 1 if self._pin.value() and not self._button.is_pressed else 0
            await asyncio.sleep_ms(_STEP_MS)

    def _turn(self):
        self._locked = not self._locked
        if self._locked:
            open(self._path, "w").close()
        else:
            os.remove(self._path)
