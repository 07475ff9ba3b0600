"""The heater by itself and under command, told as days in short: time and temperature are moved by hand."""

from config import Limits
from drivers.relay import Relay
from heater import Heater

from wire.receipt import OBEYED, REFUSED

LIMITS = Limits(45000, 65000, 900, 600, 0, 0, 0, 0)


class Pin:
    def __init__(self):
        self.level = 0

    def value(self, level=None):
        if level is not None:
            self.level = level
        return self.level


class Tank:
    def __init__(self, temperature_mc):
        self.set(temperature_mc)

    def set(self, temperature_mc):
        self.uv = temperature_mc * 33

    def read_uv(self):
        return self.uv


class House:
    """A heater, its tank, and a clock of its own that starts after the relay's minimum off time."""

    def __init__(self, temperature_mc):
        self.now_s = 0
        self.pin, self.tank = Pin(), Tank(temperature_mc)
        self.switches = 0
        self.heater = Heater(Relay(self.pin, lambda: self.now_s), self.tank, LIMITS, self._count)
        self.now_s = 1000

    def _count(self):
        self.switches += 1

    def after(self, seconds, temperature_mc, locked_out=False):
        """Let time pass; returns whether the heater is on then."""
        self.now_s += seconds
        self.tank.set(temperature_mc)
        self.heater.measure()
        self.heater.control(self.now_s, locked_out)
        return self.pin.level == 1


def test_alone_it_heats_from_the_minimum_to_the_maximum_in_one_go():
    house = House(60000)
    steps = (
        (60000, False),
        (45000, False),
        (44999, True),
        (46000, True),
        (64999, True),
        (65000, False),
        (46000, False),
    )
    for temperature_mc, on in steps:
        assert house.after(900, temperature_mc) == on, temperature_mc
    assert house.switches == 2


def test_minimum_times_hold_without_a_command_too():
    house = House(44000)
    assert house.after(0, 44000)
    assert house.after(300, 66000)  # on for 300 s of 900
    assert not house.after(600, 66000)
    assert not house.after(300, 44000)  # off for 300 s of 600
    assert house.after(300, 44000)


def test_it_is_off_long_enough_after_a_start():
    house = House(44000)
    house.now_s = 300
    assert not house.after(0, 44000)
    assert house.after(300, 44000)


def test_a_command_holds_until_it_expires():
    house = House(50000)
    house.after(0, 50000)
    assert house.heater.obey(1, house.now_s + 2100) == (OBEYED, "none", 1)
    assert house.after(1800, 55000)
    assert house.after(300, 56000)  # expired; between the limits the safe state leaves it as it is
    assert house.heater.hold.expires_s is None
    assert not house.after(300, 65000)


def test_off_is_held_down_to_the_comfort_limit_and_not_below():
    house = House(44000)
    assert house.after(0, 50000) is False
    house.heater.obey(1, house.now_s + 900)
    house.after(900, 55000)
    assert house.heater.obey(0, house.now_s + 7200) == (OBEYED, "none", 0)
    assert not house.after(900, 45000)
    assert house.after(300, 44900)  # comfort wins over the command
    assert house.after(900, 49000)
    assert not house.after(300, 50000)  # and only as far as comfort needs
    assert house.heater.obey(0, house.now_s + 7200) == (OBEYED, "none", 0)


def test_on_is_held_up_to_the_maximum():
    house = House(60000)
    house.after(0, 60000)
    house.heater.obey(1, house.now_s + 7200)
    assert not house.after(1200, 65000)
    assert not house.after(1200, 61000)
    assert house.after(300, 59999)  # a quarter of the band below


def test_a_refused_command_changes_nothing():
    house = House(44000)
    house.after(0, 44000)
    assert house.heater.obey(0, house.now_s + 900) == (REFUSED, "comfort_low", 1)
    assert house.pin.level == 1
    assert house.heater.hold.expires_s is None


def test_lock_out_and_a_broken_sensor_switch_off_at_once():
    house = House(44000)
    assert house.after(0, 44000)
    assert not house.after(1, 44000, locked_out=True)
    house = House(44000)
    assert house.after(0, 44000)
    assert not house.after(1, 0)  # the wire is broken: 0 V
    assert house.heater.obey(1, house.now_s + 900) == (REFUSED, "equipment_silent", 0)


def test_a_hold_ends_under_lock_out_too():
    house = House(50000)
    house.after(0, 50000)
    house.heater.obey(1, house.now_s + 300)
    house.after(300, 50000, locked_out=True)
    assert house.heater.hold.expires_s is None
