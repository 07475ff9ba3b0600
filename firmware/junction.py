"""
The Junction is the equipment of an M-LMD: the meter over its micro area's load, both
directions, and the breaker that disconnects the area. Its safe state is closed.
"""

import asyncio

import energy
import limits as rules
from drivers import sdm230
from drivers.modbus import Modbus, ModbusError
from drivers.relay import Relay
from hold import Hold
from record import Snapshot

from wire import command, reading

_BRANCHES = 20  # a junction carries what this many household branches can


class Junction:
    # As a Household. count_switch(utc_s): called when the breaker has switched.
    def __init__(self, config, board, clock, count_switch):
        self._address = config.equipment.sdm
        self._clock = clock
        self._count_switch = count_switch
        self._switch = board.manual_switch()
        self._bus = Modbus(board.metering_bus())
        self._lock = asyncio.Lock()
        self._breaker = Relay(board.breaker(), clock.uptime_s)
        self._hold = Hold()
        self._seen = sdm230.Junction(0, 0, 0, 0, 0)
        self._silent = True
        self.energy = energy.Energy()

    def _is_locked_out(self):
        return self._switch.value() == 0

    async def _measure(self):
        now_s = self._clock.utc_s()
        try:
            self._seen = await sdm230.read(self._bus, self._address)
        except (ModbusError, ValueError):
            self._silent = True
            return
        self._silent = False
        if now_s is not None:
            elapsed_s = max(0, now_s - self.energy.seen_s) * _BRANCHES
            self.energy.consumed.advance(self._seen.import_wh, elapsed_s)
            self.energy.produced.advance(self._seen.export_wh, elapsed_s)
            self.energy.seen_s = now_s

    def _switch_breaker(self, closed):
        if self._breaker.switch(closed):
            self._count_switch(self._clock.utc_s())

    async def look(self):
        """Poll the meter, and keep the breaker as it should be."""
        async with self._lock:
            await self._measure()
        await self.guard()

    async def guard(self):
        """Close the breaker unless a command holds it open or somebody locked it out."""
        held = self._hold.value(self._clock.utc_s())
        self._switch_breaker(not self._is_locked_out() and held != 0)

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
        if self._is_locked_out():
            return rules.refused("locked_out")
        answer = rules.breaker(order.value)
        if answer[0] == rules.OBEYED:
            self._hold.set(order.value, order.expires_s)
            self._switch_breaker(bool(order.value))
            async with self._lock:
                await self._measure()
        return answer

    def expires_s(self):
        """UTC at which the breaker is no longer held, or None."""
        return self._hold.expires_s
