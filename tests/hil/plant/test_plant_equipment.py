"""Water heaters and batteries obey physics, whatever is done to them."""

import random
from itertools import pairwise

import pytest

from hil.plant.battery import Battery
from hil.plant.water_heater import Draws, WaterHeater

START_S = 1_469_404_800


def heater(**changes) -> WaterHeater:
    settings = {
        "volume_l": 250.0,
        "power_w": 2500,
        "loss_w_per_k": 1.8,
        "temperature_c": 52.0,
        "draws": Draws("test", 120.0),
    }
    return WaterHeater(**{**settings, **changes})


def run(tank: WaterHeater, minutes: int, relay) -> list[float]:
    """Temperatures at every minute's end; relay: minute -> bool."""
    seen = []
    for minute in range(minutes):
        tank.relay = relay(minute)
        tank.settle(START_S + 60 * minute, True)
        tank.advance(60)
        seen.append(tank.temperature_c)
    return seen


def euler(tank: WaterHeater, minutes: int, relay) -> float:
    """The same tank in steps of a tenth of a second, straight from the differential equation."""
    temperature_c = tank.temperature_c
    for minute in range(minutes):
        litres_per_s = tank.draws.litres(START_S + 60 * minute) / 60
        for _ in range(600):
            mixed = 45.0 if temperature_c >= 45 else temperature_c
            watts = relay(minute) * tank.power_w - tank.loss_w_per_k * (temperature_c - 18)
            watts -= litres_per_s * 4186 * (mixed - 12)
            temperature_c += watts * 0.1 / (tank.volume_l * 4186)
    return temperature_c


@pytest.mark.parametrize("seed", range(3))
def test_a_tank_follows_its_differential_equation(seed):
    random_relay = [random.Random(seed * 1000 + minute // 30).random() < 0.1 for minute in range(720)]
    expected = euler(heater(draws=Draws(f"s{seed}", 150.0)), 720, random_relay.__getitem__)
    assert run(heater(draws=Draws(f"s{seed}", 150.0)), 720, random_relay.__getitem__)[-1] == pytest.approx(
        expected, abs=0.05
    )


def test_a_tank_stays_within_physics():
    always = run(heater(power_w=3000, volume_l=200.0), 3 * 1440, lambda _: True)
    never = run(heater(volume_l=200.0, draws=Draws("thirsty", 300.0)), 3 * 1440, lambda _: False)
    assert max(always) < 86  # the rod's own cut-out
    assert min(never) >= 12 and never[-1] < 30


def test_a_tank_without_heating_cools_to_the_room():
    tank = heater(draws=Draws("away", 0.0))
    seen = run(tank, 1440, lambda _: False)
    assert all(after < before for before, after in pairwise(seen))
    assert seen[-1] > 18


def test_a_household_draws_what_it_uses():
    """Three days; a day's use is within a quarter of the habit, and most of it is in the morning and the evening."""
    draws = Draws("someone", 120.0)
    for day in range(3):
        minutes = [draws.litres(START_S + day * 86400 + 60 * minute) for minute in range(1440)]
        assert 90 <= sum(minutes) <= 150
        assert minutes == [
            Draws("someone", 120.0).litres(START_S + day * 86400 + 60 * minute) for minute in range(1440)
        ]


def battery(**changes) -> Battery:
    return Battery(
        **{"capacity_wh": 10_000, "charge_w_max": 4000, "discharge_w_max": 4000, "stored_wh": 5000.0, **changes}
    )


def hours(cells: Battery, minutes: int) -> float:
    """Wh at the AC side over `minutes`."""
    moved_wh = 0.0
    for minute in range(minutes):
        cells.settle(START_S + 60 * minute, 60, True)
        cells.advance(60)
        moved_wh += cells.power_w / 60
    return moved_wh


@pytest.mark.parametrize(
    ("setpoint_w", "minutes", "moved_wh", "stored_wh"),
    [
        (2000, 60, 2000, 6900),  # 95 % of what goes in is stored
        (-1900, 60, -1900, 3000),  # 100/95 of what comes out is taken
        (9000, 30, 2000, 6900),  # no more than it can
        (4000, 600, 5000 / 0.95, 10_000),  # full
        (-4000, 600, -4500 * 0.95, 500),  # down to the reserve
        (0, 600, 0, 5000),
    ],
)
def test_a_battery_keeps_account(setpoint_w, minutes, moved_wh, stored_wh):
    cells = battery()
    cells.set_point(setpoint_w)
    assert hours(cells, minutes) == pytest.approx(moved_wh)
    assert cells.stored_wh == pytest.approx(stored_wh)


def test_a_battery_rests_when_its_order_has_run_out():
    cells = battery()
    cells.set_point(1000, START_S + 600)
    assert hours(cells, 60) == pytest.approx(1000 / 6)


def test_a_battery_below_its_reserve_does_not_jump_back():
    cells = battery(stored_wh=100.0)
    cells.set_point(-4000)
    assert hours(cells, 10) == 0 and cells.stored_wh == 100.0
