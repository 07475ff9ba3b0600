"""
The Household is the equipment behind one meter: a metering chip per branch (load, PV,
battery), and a water heater and a battery where there are any.
"""

import asyncio
import time

import energy
import limits as rules
from drivers import pzem004t
from drivers.modbus import Modbus, ModbusError
from load_chip import open_chip
from record import Snapshot

from wire import command, reading

_POWER_W_MAX = 10000  # where the config does not say what its service carries


# What a household does not have takes no memory: its modules are imported when it has it.
def _heater(config, board, clock, count_switch):
    from drivers.relay import Relay
    from heater import Heater

    relay = Relay(board.heater_relay(), clock.uptime_s)
    return Heater(relay, board.tank_sensor(), config.limits, lambda: count_switch(clock.utc_s()))


def _battery(config, board):
    from battery import Battery
    from drivers.sunspec_storage import SunspecStorage

    return Battery(SunspecStorage(Modbus(board.inverter_bus()), config.equipment.inverter), config.limits)


class Household:
    # clock: for UTC and uptime. count_switch(utc_s): called when the heater's relay has switched.
    def __init__(self, config, board, clock, count_switch):
        self._equipment = config.equipment
        self._clock = clock
        self._switch = board.manual_switch()
        if config.equipment.button:
            from hand import Hand

            self._switch = Hand(self._switch, "state")
        self._chip = open_chip(config.equipment.chip, board, config.power_w_max or _POWER_W_MAX, time.ticks_ms)
        # A board whose one chip is its own may have no bus at all.
        on_bus = not self._chip or config.equipment.pv or config.equipment.battery
        self._bus = Modbus(board.metering_bus()) if on_bus else None
        self._lock = asyncio.Lock()  # one look or act at a time
        self._branches = {}  # Modbus address -> Branch, of the chips that answered the last look
        self._voltage_mv = None  # while no chip has told it
        self._frequency_mhz = 0
        self.energy = energy.Energy()
        self._seen_up_s = None  # uptime at energy.seen_s, once there was a look
        self.heater = None  # or what stands in its place
        if config.equipment.heater:
            self.heater = _heater(config, board, clock, count_switch)
        elif config.equipment.switch:
            from load_switch import open_switch

            self.heater = open_switch(config, board, clock, count_switch)
        self.battery = _battery(config, board) if config.equipment.inverter else None

    def is_locked_out(self):
        """Whether a hand has switched it off."""
        return self._switch.value() == 0

    # -- measuring --------------------------------------------------------------------------

    # The Branch at a chip, or None when it is silent.
    async def _look_at(self, address):
        self._branches.pop(address, None)
        if self._chip and address == self._equipment.load:
            branch = self._look_at_chip(self._chip)
        else:
            try:
                branch = await pzem004t.read(self._bus, address)
            except ModbusError:
                branch = None
        if branch is None:
            return None
        self._branches[address] = branch
        if branch.voltage_mv is not None:
            self._voltage_mv, self._frequency_mhz = branch.voltage_mv, branch.frequency_mhz
        return branch

    def _look_at_chip(self, chip):
        seen = chip.read()
        if seen is None:
            return None
        branch, export_wh = seen
        now_s = self._clock.utc_s()
        if export_wh is not None and now_s is not None:
            self.energy.produced.advance(export_wh, self._elapsed_s())
        return branch

    async def run(self):
        """What the equipment has to do between two looks, for ever."""
        if self._chip:
            await self._chip.run()

    # Before the clock is set no counter is booked: it is not known how much can have flowed.
    async def _measure(self):
        at = self._equipment
        now_s = self._clock.utc_s()
        elapsed_s = 0 if now_s is None else self._elapsed_s()
        for address, register in ((at.load, self.energy.consumed), (at.pv, self.energy.produced)):
            branch = await self._look_at(address) if address else None
            if branch and now_s is not None:
                has_end = not self._chip or address != at.load
                register.advance(branch.energy_wh, elapsed_s, pzem004t.ENERGY_WH_END if has_end else None)
        if self.battery:
            await self._measure_battery(self.battery, now_s, elapsed_s)
        if self.heater:
            self.heater.measure()
        if now_s is not None and len(self._branches) == self._chips():
            self.energy.seen_s, self._seen_up_s = now_s, self._clock.uptime_s()

    def _elapsed_s(self):
        return self._clock.elapsed_s(self.energy.seen_s, self._seen_up_s)

    def _chips(self):
        return len([address for address in self._equipment[:3] if address])

    async def _measure_battery(self, battery, now_s, elapsed_s):
        await battery.measure()
        branch = await self._look_at(self._equipment.battery)
        if branch and now_s is not None:
            end_wh = pzem004t.ENERGY_WH_END
            self.energy.advance_battery(branch.energy_wh, elapsed_s, battery.power_w, end_wh)

    async def look(self):
        """Poll every chip and sensor, and keep to the limits."""
        async with self._lock:
            await self._measure()
            await self._control()

    async def guard(self):
        """Keep to the limits now, without a new look; where there is a button, until nobody touches it."""
        if self._equipment.button:
            await self._switch.follow(self._guard)
        await self._guard()

    async def _guard(self):
        async with self._lock:
            await self._control()

    async def _control(self):
        now_s, locked_out = self._clock.utc_s(), self.is_locked_out()
        if self.heater:
            self.heater.control(now_s, locked_out)
        if self.battery:
            await self.battery.control(now_s, locked_out)

    def snapshot(self):
        """What the last look showed."""
        heater, battery = self.heater, self.battery
        flags = (reading.HAS_HEATER if self._equipment.heater else 0) | (reading.HAS_BATTERY if battery else 0)
        if self._voltage_mv is None:
            flags |= reading.VOLTAGE_UNMEASURED
        if len(self._branches) < self._chips():
            flags |= reading.CHIP_SILENT
        return Snapshot(
            self._voltage_mv or 0,
            self._power_w(),
            self._frequency_mhz,
            (heater.temperature_mc or 0) if heater else 0,
            (battery.soc_permille or 0) if battery else 0,
            1 if heater and heater.is_on() else 0,
            flags,
        )

    # Net, import positive.
    def _power_w(self):
        load, pv = self._branches.get(self._equipment.load), self._branches.get(self._equipment.pv)
        battery_w = self.battery.power_w if self.battery else 0
        return (load.power_w if load else 0) - (pv.power_w if pv else 0) + battery_w

    # -- acting -----------------------------------------------------------------------------

    # The battery's counter is booked to the direction it had, before a command may turn it round.
    async def prepare(self, order):
        """What must be known before `order` (a Command) is acted on; the caller then keeps `energy`."""
        if order.action == command.BATTERY_POWER and self.battery:
            async with self._lock:
                now_s = self._clock.utc_s()
                await self._measure_battery(self.battery, now_s, self._elapsed_s())

    async def obey(self, order, now_s):
        """Act on a Command, as far as the limits allow. Returns (outcome, reason, value)."""
        if order.action not in command.ACTIONS:
            return rules.refused("unknown_action")
        heater = self.heater if order.action == command.RELAY else None
        battery = self.battery if order.action == command.BATTERY_POWER else None
        if not heater and not battery:
            return rules.refused("not_equipped")
        if self.is_locked_out():
            return rules.refused("locked_out")
        async with self._lock:
            if heater:
                return await self._obey_relay(heater, order, now_s)
            return await self._obey_power(battery, order, now_s)

    async def _obey_relay(self, heater, order, now_s):
        answer = heater.obey(order.value, order.expires_s, now_s)
        await self._look_at(self._equipment.load)
        return answer

    async def _obey_power(self, battery, order, now_s):
        answer = await battery.obey(order.value, now_s, order.expires_s)
        await battery.measure()
        self.energy.turn(battery.power_w)  # the next look may find it switched off
        return answer

    async def shed(self, action, expires_s):
        """The M-LMD asks to keep the heater off (RELAY), or the battery from charging (BATTERY_POWER)."""
        part = self.heater if action == command.RELAY else self.battery
        if part:
            part.shed.set(0, expires_s)
            await self.guard()

    def expires_s(self):
        """UTC of the first hold that ends, or None."""
        ends = [part.hold.expires_s for part in (self.heater, self.battery) if part and part.hold.expires_s]
        return min(ends) if ends else None
