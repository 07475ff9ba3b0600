"""The battery under command and by itself, over an inverter that remembers what it was told."""

import asyncio

from battery import Battery
from config import Limits
from drivers.modbus import ModbusError
from drivers.sunspec_storage import State

from wire.receipt import OBEYED, REFUSED

LIMITS = Limits(0, 0, 0, 0, 100, 900, 3400, 3000)


class Inverter:
    def __init__(self, soc_permille):
        self.soc_permille = soc_permille
        self.told = []
        self.silent = False

    async def read(self):
        if self.silent:
            raise ModbusError("silent", 10)
        return State(self.told[-1] if self.told else 0, self.soc_permille)

    async def set_power_w(self, power_w, hold_s):
        if self.silent:
            raise ModbusError("silent", 10)
        self.told.append(power_w)
        return power_w


def story(soc_permille, *steps):
    """Plays ("obey", value, now, expires) -> answer and ("look", now, soc, locked out) -> what the inverter does."""
    inverter = Inverter(soc_permille)
    battery = Battery(inverter, LIMITS)

    async def play():
        results = []
        for step in steps:
            if step[0] == "obey":
                await battery.measure()
                results.append(await battery.obey(*step[1:]))
            elif step[0] == "silence":
                inverter.silent = step[1]
            else:
                inverter.soc_permille = step[2]
                await battery.measure()
                await battery.control(step[1], step[3])
                results.append(inverter.told[-1] if inverter.told else None)
        return results

    return asyncio.run(play())


def test_it_rests_at_start():
    assert story(500, ("look", None, 500, False)) == [0]


def test_a_command_holds_until_it_expires():
    results = story(
        500,
        ("obey", 2000, 1000, 3100),
        ("look", 3099, 600, False),
        ("look", 3100, 600, False),
    )
    assert results == [(OBEYED, "none", 2000), 2000, 0]


def test_a_full_battery_is_not_charged_on_and_an_empty_one_not_discharged():
    for value, at_limit in ((2000, 900), (-2000, 100)):
        results = story(500, ("obey", value, 0, 2100), ("look", 300, 500, False), ("look", 600, at_limit, False))
        assert results == [(OBEYED, "none", value), value, 0]


def test_lock_out_rests_it():
    assert story(500, ("obey", 2000, 0, 2100), ("look", 1, 500, True)) == [(OBEYED, "none", 2000), 0]


def test_a_silent_inverter_is_told_to_rest_until_it_hears():
    results = story(
        500,
        ("obey", 2000, 0, 600),
        ("silence", True),
        ("look", 600, 500, False),
        ("obey", 1000, 700, 900),
        ("silence", False),
        ("look", 800, 500, False),
    )
    assert results == [(OBEYED, "none", 2000), 2000, (REFUSED, "equipment_silent", 0), 0]
