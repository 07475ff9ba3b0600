"""
A Light tells by a pattern of the board's LED (drivers/led.py) what a person at the device wants to know. It stands
where a plain LED does, which only says whether readings are overdue.
"""

import asyncio
import time

from drivers import led

from wire import reading

_STEP_MS, _LOOK_MS = 100, 1000


class Light:
    # pin: the LED's, lit at `lit_at`.
    def __init__(self, device, pin, lit_at):
        self._device = device
        self._led = led.Led(pin, lit_at)
        self._overdue = 0

    def value(self, level):
        """1: nothing is overdue."""
        self._overdue = not level

    async def run(self):
        """For ever."""
        while True:
            pattern = self._pattern()
            self._led.show(pattern, time.ticks_ms())
            await asyncio.sleep_ms(_LOOK_MS if pattern == led.ON else _STEP_MS)

    # What it does about itself comes first, what it lacks next.
    def _pattern(self):
        device, equipment = self._device, self._device.equipment
        breaker = getattr(equipment, "breaker", None)  # of an M-LMD
        if (breaker or equipment).is_locked_out():
            return led.LOCKED_OUT
        if breaker and breaker.protection.tripped:
            return led.TRIPPED
        if equipment.snapshot().flags & reading.CHIP_SILENT:
            return led.FAULT
        if not device.clock.is_set():
            return led.NO_TIME
        return led.NO_NETWORK if self._overdue else led.ON
