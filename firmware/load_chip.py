"""
A LoadChip is what measures a household's load where that is no PZEM-004T on the metering bus: a CSE7766 on
the board, the P1 port of the utility's meter, or an S0 pulse output. `chip` in the config's
equipment names it; what a board does not use takes no memory.

All but S0 talk without being asked: they are read every POLL_MS, before their buffers are full.
"""

import asyncio

from drivers.pzem004t import Branch

POLL_MS = 1000
_TICKS_MASK = 0x3FFFFFFF  # time.ticks_ms wraps
NAMES = ("pzem", "cse7766", "p1", "s0")


class Pushed:
    # driver: a Cse7766 or a DsmrP1. branch(driver, said): what `read` returns; said: what poll() returned last.
    def __init__(self, driver, branch, ticks_ms):
        self._driver = driver
        self._branch = branch
        self._ticks_ms = ticks_ms
        self._said = None

    def take(self):
        """Take what has arrived. Returns the time."""
        now_ms = self._ticks_ms()
        self._said = self._driver.poll(now_ms) or self._said
        return now_ms

    async def run(self):
        """Take what arrives, for ever."""
        while True:
            self.take()
            await asyncio.sleep_ms(POLL_MS)

    def read(self):
        """(Branch, Wh exported or None), or None while the chip is silent."""
        now_ms = self.take()
        return None if self._driver.is_silent(now_ms) else self._branch(self._driver, self._said)


class Pulses:
    # Power is the mean since the last look: pulses show no other, and no voltage.
    def __init__(self, counter, ticks_ms):
        self._counter = counter
        self._ticks_ms = ticks_ms
        self._last_wh, self._last_ms = counter.energy_wh, ticks_ms()

    async def run(self):
        """The interrupt counts by itself."""

    def read(self):
        """As above; the count is kept with each look."""
        counter, now_ms = self._counter, self._ticks_ms()
        counter.keep()
        elapsed_ms = max(1, (now_ms - self._last_ms) & _TICKS_MASK)
        power_w = (counter.energy_wh - self._last_wh) * 3600000 // elapsed_ms
        self._last_wh, self._last_ms = counter.energy_wh, now_ms
        return Branch(None, 0, power_w, counter.energy_wh, 0), None


class _Count:
    def __init__(self, path):
        self._path = path

    def load(self):
        try:
            with open(self._path) as file:
                return int(file.read())
        except (OSError, ValueError):
            return 0  # the first boot

    def save(self, count):
        import os

        with open(self._path + ".new", "w") as file:
            file.write(str(count))
        os.rename(self._path + ".new", self._path)


def _of_cse7766(driver, _said):
    return Branch(driver.voltage_mv, driver.current_ma, driver.power_w, driver.energy_wh, 0), None


def _of_p1(_driver, said):
    voltage_mv = said.voltage_mv[0] if said.voltage_mv else None
    current_ma = sum(said.current_ma)
    return Branch(voltage_mv, current_ma, said.power_w, said.import_wh, 0), said.export_wh


def open_chip(name, board, power_w_max, ticks_ms):
    """The LoadChip of this name on `board`, or None for a PZEM-004T."""
    if name == "cse7766":
        from drivers.cse7766 import Cse7766

        return Pushed(Cse7766(board.metering_chip(), power_w_max), _of_cse7766, ticks_ms)
    if name == "p1":
        from drivers.dsmr_p1 import DsmrP1

        return Pushed(DsmrP1(board.p1_port()), _of_p1, ticks_ms)
    if name == "s0":
        from drivers.s0_pulse import S0Pulse

        pin = board.s0_input()
        counter = S0Pulse(pin, pin.IRQ_FALLING | pin.IRQ_RISING, _Count("state/s0"), ticks_ms)
        return Pulses(counter, ticks_ms)
    return None
