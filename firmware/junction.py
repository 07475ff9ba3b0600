"""
The Junction is the equipment of an M-LMD: the meter over its micro area's load, both
directions, and the breaker that disconnects the area. Its safe state is closed.
"""

import asyncio

import energy
import limits as rules
from breaker import Breaker
from drivers import sdm230
from drivers.modbus import Modbus, ModbusError
from fault import Faults, PhaseWatch
from record import Snapshot

from wire import command, reading

_BRANCHES = 20  # a junction carries what this many household branches can
_WATCH_MS = 500  # how often the meter is asked while the breaker is out of its ordinary state
_STATE = "state/breaker"


class Junction:
    # As a Household. count_switch(utc_s): called when the breaker has switched.
    def __init__(self, config, board, clock, count_switch):
        self._address = config.equipment.sdm
        self._clock = clock
        self._count_switch = count_switch
        self._moved = asyncio.ThreadSafeFlag()  # the breaker opened, closed, or began to watch
        self._bus = Modbus(board.metering_bus())
        self._lock = asyncio.Lock()
        self.breaker = Breaker(config.breaker, board, _STATE, config.device_id[0], self._moved.set)
        self._was_closed = self.breaker.is_closed
        self.faults = Faults()
        self._phase = PhaseWatch(self.faults)
        self._seen = sdm230.Junction(0, 0, 0, 0, 0)
        self._silent = True
        self.energy = energy.Energy()
        self._seen_up_s = None  # uptime at energy.seen_s, once there was a look
        self.told = lambda: None  # called when there may be faults to tell

    async def _measure(self):
        now_s = self._clock.utc_s()
        try:
            self._seen = await sdm230.read(self._bus, self._address)
        except (ModbusError, ValueError):
            self._silent = True
            return
        self._silent = False
        self.breaker.frequency_mhz = self._seen.frequency_mhz
        if now_s is not None:
            elapsed_s = self._clock.elapsed_s(self.energy.seen_s, self._seen_up_s) * _BRANCHES
            self.energy.consumed.advance(self._seen.import_wh, elapsed_s)
            self.energy.produced.advance(self._seen.export_wh, elapsed_s)
            self.energy.seen_s, self._seen_up_s = now_s, self._clock.uptime_s()
            self._phase.hear(now_s, {b"\x01": self._seen.voltage_mv})

    async def measure(self):
        """Poll the meter now. Returns the area's power in W, or None when it is silent."""
        async with self._lock:
            await self._measure()
        return None if self._silent else self._seen.power_w

    async def look(self):
        """Poll the meter, and keep the breaker as it should be."""
        await self.measure()
        self.breaker.look(0 if self._silent else self._seen.frequency_mhz)
        await self.guard()

    async def guard(self):
        """The manual switch, the end of a command, and what is told and kept of the breaker."""
        breaker, now_s = self.breaker, self._clock.utc_s()
        breaker.turn()
        if now_s is not None:
            breaker.expire(now_s)
        if breaker.is_closed != self._was_closed:
            self._was_closed = breaker.is_closed
            self._count_switch(now_s)
        breaker.keep()
        if now_s is not None:
            breaker.report(self.faults, now_s)
            self.told()

    async def watch_forever(self):
        """Follow the breaker: it acts by itself, this tells of it, and asks the meter more often meanwhile."""
        while True:
            await self._moved.wait()
            await self.guard()
            while self.breaker.is_watching:
                await asyncio.sleep_ms(_WATCH_MS)
                await self.measure()
                await self.guard()

    def snapshot(self):
        """What the last look showed."""
        flags = reading.CHIP_SILENT if self._silent else 0
        seen = self._seen
        return Snapshot(seen.voltage_mv, 0 if self._silent else seen.power_w, seen.frequency_mhz, 0, 0, 0, flags)

    async def prepare(self, order):
        """Nothing has to be known before an act."""

    async def obey(self, order, now_s):
        """Act on a Command for the breaker. Returns (outcome, reason, value)."""
        if order.action not in command.ACTIONS:
            return rules.refused("unknown_action")
        if order.action != command.BREAKER:
            return rules.refused("not_equipped")
        if self.breaker.is_locked_out():
            return rules.refused("locked_out")
        answer = rules.breaker(order.value)
        if answer[0] == rules.OBEYED:
            if self.breaker.command(bool(order.value), order.expires_s):
                return rules.refused("locked_out")
            await self.guard()
            await self.measure()
        return answer

    def expires_s(self):
        """UTC at which the breaker is no longer held, or None."""
        return self.breaker.held_until_s or None
