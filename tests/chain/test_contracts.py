"""What a contract wishes, alone on its feeder: tables of measured states, prices and histories."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.contracts import battery, deferrable
from chain.contracts.terms import BatteryTerms, DeferrableTerms, intervals_left
from chain.contracts.wish import EASY, NOW, SOON, SPARE, Situation, Wish
from chain.state import Control, Measured
from wire.block import REASONS
from wire.reading import HAS_BATTERY, HAS_HEATER

HEATER = DeferrableTerms(2000, 45_000, 65_000, 2, 2, 8, 900, 1050, 48, 0)
DAY = 20_000
OFF, ON = 0, 1


def heater(temperature_c: float, relay: int = 0) -> Measured:
    return Measured(0, 100, round(temperature_c * 1000), 0, relay, HAS_HEATER)


def control(value: int, ago: int = 10, reason: str = "price", switches: int = 0, rise_mc: int = 0) -> Control:
    """What was decided `ago` intervals before slot 20."""
    return Control(value, REASONS.index(reason), DAY * 48 + 20 - ago, DAY, switches, 50_000, rise_mc)


def at(slot: int, price_permille: int, measured: Measured | None, before: Control | None) -> Situation:
    return Situation(DAY * 48 + slot, slot, price_permille, measured, before)


def shown(wish: Wish) -> tuple[int, str, int]:
    return wish.value, REASONS[wish.reason], wish.urgency


@pytest.mark.parametrize(
    ("price", "celsius", "before", "expected"),
    [
        # Comfort comes first, whatever the price and the minimum times.
        (2000, 45.0, control(OFF), (ON, "comfort", NOW)),
        (2000, 20.0, control(OFF, ago=1), (ON, "comfort", NOW)),
        (100, 65.0, control(ON, ago=1), (OFF, "comfort", SPARE)),
        (100, 99.0, None, (OFF, "comfort", SPARE)),
        (2000, -40.0, None, (ON, "comfort", NOW)),
        # Minimum times: two intervals either way.
        (2000, 55.0, control(ON, ago=1), (ON, "minimum_time", NOW)),
        (2000, 55.0, control(ON, ago=2), (OFF, "price", SPARE)),
        (100, 55.0, control(OFF, ago=1), (OFF, "minimum_time", NOW)),
        (100, 55.0, control(OFF, ago=2), (ON, "price", SPARE)),
        # The price: on at 900, off at 1050, as it was in between.
        (900, 55.0, None, (ON, "price", SPARE)),
        (901, 55.0, None, (OFF, "price", SPARE)),
        (1049, 55.0, control(ON), (ON, "price", SPARE)),
        (1050, 55.0, control(ON), (OFF, "price", SPARE)),
        (900, 61.0, control(OFF), (OFF, "comfort", SPARE)),  # as good as full: no switch for so little
        (900, 61.0, control(ON), (ON, "price", SPARE)),
        # A tank getting cold does not wait for a better price, but for the evening's end.
        (1000, 49.0, control(OFF), (ON, "comfort", EASY)),
        (1000, 51.0, control(OFF), (OFF, "price", SPARE)),
        (1000, 51.0, control(ON, reason="comfort"), (ON, "comfort", EASY)),
        (1000, 53.0, control(ON, reason="comfort"), (OFF, "price", SPARE)),
        (1050, 49.0, control(OFF), (OFF, "price", SPARE)),
        # Switches a day: eight. Price and comfort leave what may still be needed.
        (900, 55.0, control(OFF, switches=4), (ON, "price", SPARE)),
        (900, 55.0, control(OFF, switches=5), (OFF, "minimum_time", SPARE)),
        (2000, 45.0, control(OFF, switches=6), (ON, "comfort", NOW)),
        (2000, 45.0, control(OFF, switches=7), (OFF, "minimum_time", SPARE)),
        (2000, 55.0, control(ON, switches=8), (OFF, "price", SPARE)),
        (900, 55.0, control(OFF, switches=8)._replace(day=DAY - 1), (ON, "price", SPARE)),  # a new day
    ],
)
def test_a_heater(price, celsius, before, expected):
    assert shown(deferrable.decide(HEATER, at(20, price, heater(celsius), before))) == expected


@pytest.mark.parametrize(
    ("slot", "price", "celsius", "before", "expected"),
    [
        # By slot 34 it shall have 60 degC. Two kilowatts raise 150 l by 5.7 K in an interval.
        (20, 1000, 55.0, control(OFF), (OFF, "price", SPARE)),  # time enough
        (22, 1000, 55.0, control(OFF), (ON, "deadline", EASY)),  # an ordinary price is good enough now
        (22, 1050, 55.0, control(OFF), (OFF, "price", SPARE)),
        (33, 1050, 55.0, control(OFF), (ON, "deadline", SOON)),  # one interval needed, one left
        (32, 1050, 54.0, control(OFF), (ON, "deadline", SOON)),
        (33, 1050, 54.0, control(OFF), (ON, "target_unreachable", SOON)),  # best effort
        (33, 1050, 60.0, control(OFF), (OFF, "price", SPARE)),  # reached
        (34, 1050, 50.0, control(OFF), (OFF, "price", SPARE)),  # tomorrow's is a day away
        (32, 1050, 56.0, control(OFF, rise_mc=2000), (ON, "deadline", SOON)),  # it heats slowly, as was seen
        (32, 1050, 58.0, control(OFF, rise_mc=1), (ON, "deadline", SOON)),  # water was drawn: not that slowly
    ],
)
def test_a_heaters_deadline(slot, price, celsius, before, expected):
    terms = HEATER._replace(deadline_slot=34, deadline_temperature_mc=60_000)
    assert shown(deferrable.decide(terms, at(slot, price, heater(celsius), before))) == expected


def test_without_a_measurement_everything_is_safe():
    assert shown(deferrable.decide(HEATER, at(20, 100, None, None))) == (OFF, "no_measurement", SPARE)
    assert shown(battery.decide(BATTERY, at(20, 100, None, None))) == (0, "no_measurement", SPARE)


def test_switches_are_counted_by_decision_and_as_measured():
    count = control(OFF, ago=5, switches=2)
    now = at(20, 900, heater(55.0), count)
    turned_on = deferrable.controlled(now, Wish(ON, 0))
    assert (turned_on.value, turned_on.switches, turned_on.since_interval) == (ON, 3, now.interval)
    stayed = deferrable.controlled(at(21, 900, heater(56.0, relay=1), turned_on), Wish(ON, 0))
    assert (stayed.switches, stayed.since_interval) == (3, now.interval)
    cut_out = deferrable.controlled(at(21, 900, heater(65.0, relay=0), turned_on), Wish(ON, 0))
    assert cut_out.switches == 5, "it went off by itself and is told to go on again"
    tomorrow = deferrable.controlled(at(48, 900, heater(56.0, relay=1), turned_on), Wish(OFF, 0))
    assert tomorrow.switches == 1


def test_the_rise_of_an_interval_is_learned():
    before = control(ON)._replace(temperature_mc=50_000)
    assert deferrable.controlled(at(20, 900, heater(53.5, 1), before), Wish(ON, 0)).rise_mc == 3500
    assert deferrable.controlled(at(20, 900, heater(49.0, 1), before), Wish(ON, 0)).rise_mc == 0, "water was drawn"
    assert deferrable.controlled(at(20, 900, heater(53.5), control(OFF)), Wish(ON, 0)).rise_mc == 0


BATTERY = BatteryTerms(10_000, 3000, 2500, 100, 900, 900, 1100, 48, 0)
STOPPED, CHARGED, DISCHARGED = (Control(value, 0, 0, 0, 0, 0, 0) for value in (0, 500, -500))


@pytest.mark.parametrize(
    ("price", "soc", "before", "expected"),
    [
        (900, 500, None, (3000, "price", SPARE)),
        (901, 500, None, (0, "price", SPARE)),
        (1099, 500, STOPPED, (0, "price", SPARE)),
        (1100, 500, None, (-2500, "price", SPARE)),
        # In between it goes on with what it did.
        (1000, 500, CHARGED, (3000, "price", SPARE)),
        (1000, 500, DISCHARGED, (-2500, "price", SPARE)),
        (1100, 500, CHARGED, (-2500, "price", SPARE)),
        # No more than fits, no more than is in it: 20 Wh in half an hour are 40 W.
        (900, 898, None, (40, "price", SPARE)),
        (1100, 102, None, (-40, "price", SPARE)),
        (900, 900, None, (0, "soc_limit", SPARE)),
        (1100, 100, None, (0, "soc_limit", SPARE)),
        # Any state of charge is accepted and steered back, whatever the price.
        (900, 1000, None, (-2000, "soc_limit", SPARE)),
        (1000, 905, None, (-100, "soc_limit", SPARE)),
        (2000, 0, None, (2000, "soc_limit", NOW)),
        (1000, 95, None, (100, "soc_limit", NOW)),
    ],
)
def test_a_battery(price, soc, before, expected):
    measured = Measured(0, 100, 0, soc, 0, HAS_BATTERY)
    assert shown(battery.decide(BATTERY, at(20, price, measured, before))) == expected


@pytest.mark.parametrize(
    ("slot", "soc", "expected"),
    [
        # By slot 30 it shall have 800: 3 kW are 1.5 kWh, 150 permille, an interval.
        (24, 300, (0, "price", SPARE)),
        (27, 300, (3000, "target_unreachable", SOON)),
        (26, 300, (3000, "deadline", SOON)),
        (29, 790, (200, "deadline", SOON)),
        (29, 800, (0, "price", SPARE)),
        (30, 100, (0, "price", SPARE)),
    ],
)
def test_a_batterys_deadline(slot, soc, expected):
    terms = BATTERY._replace(deadline_slot=30, deadline_soc_permille=800)
    assert shown(battery.decide(terms, at(slot, 1000, Measured(0, 0, 0, soc, 0, HAS_BATTERY), None))) == expected


def test_a_discharging_battery_says_how_long_it_lasts():
    wish = battery.decide(BATTERY, at(40, 1200, Measured(0, 0, 0, 600, 0, HAS_BATTERY), None))
    assert wish.lasting_w == 1000, "5 kWh over five hours"


def test_intervals_left():
    assert [intervals_left(slot, 34) for slot in (33, 32, 34, 35, 0)] == [1, 2, 48, 47, 34]
    assert intervals_left(0, 48) == 0 and intervals_left(47, 0) == 1


measured = st.none() | st.builds(
    Measured,
    st.just(0),
    st.integers(0, 2**32 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 1000),
    st.integers(0, 255),
    st.just(HAS_HEATER | HAS_BATTERY),
)
histories = st.none() | st.builds(
    Control,
    st.integers(0, 1),
    st.integers(0, 7),
    st.integers(DAY * 48, DAY * 48 + 47),
    st.integers(DAY - 1, DAY),
    st.integers(0, 12),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 2**31),
)
slots, prices = st.integers(0, 47), st.integers(0, 10**6)


@given(measured, histories, slots, prices, st.integers(0, 48), st.integers(-100_000, 200_000))
def test_a_heater_accepts_any_measured_state(state: Any, before: Any, slot: int, price: int, deadline: int, goal: int):
    terms = HEATER._replace(deadline_slot=deadline, deadline_temperature_mc=goal)
    now = at(slot, price, state, before)
    wish = deferrable.decide(terms, now)
    assert wish.value in (OFF, ON)
    after = deferrable.controlled(now, wish)
    if state is not None and state.temperature_mc >= terms.temperature_mc_max:
        assert wish.value == OFF
    if before is not None and before.day == DAY and wish.value == ON and before.value == OFF:
        assert before.switches + 2 <= terms.switches_per_day_max
        assert state.relays & 1 or after.switches <= terms.switches_per_day_max - 1, "one is left to switch off again"


@given(measured, histories, slots, prices, st.integers(0, 48), st.integers(0, 1000))
def test_a_battery_accepts_any_measured_state(state: Any, before: Any, slot: int, price: int, deadline: int, goal: int):
    terms = BATTERY._replace(deadline_slot=deadline, deadline_soc_permille=goal)
    wish = battery.decide(terms, at(slot, price, state, before))
    assert -terms.discharge_w_max <= wish.value <= terms.charge_w_max
    if state is not None and state.soc_permille >= terms.soc_permille_max:
        assert wish.value <= 0
    if state is not None and state.soc_permille <= terms.soc_permille_min:
        assert wish.value >= 0
