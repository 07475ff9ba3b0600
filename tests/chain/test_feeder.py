"""Neighbours on one feeder: tables of wishes and what is granted, and what no wishes may add up to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.contracts.feeder import Asked, Load, allot
from chain.contracts.wish import CAPACITY, COMFORT, EASY, MINIMUM_TIME, NOW, PRICE, SOON, SPARE, Wish

LIMIT, EASY_W = 30_000, 10_000


def heater(name: str, urgency: int = SPARE, need: int = 0, is_on: bool = False, reason: int = PRICE) -> Asked:
    return Asked(name.encode(), 2000, Wish(1, reason, need, urgency), is_on)


def resting(name: str) -> Asked:
    return Asked(name.encode(), 2000, Wish(0, PRICE), False)


def charging(name: str, power_w: int, urgency: int = SPARE) -> Asked:
    return Asked(name.encode(), 0, Wish(power_w, PRICE, 500, urgency), False)


def discharging(name: str, power_w: int, lasting_w: int = 0) -> Asked:
    return Asked(name.encode(), 0, Wish(-power_w, PRICE, 500, SPARE, lasting_w), False)


def granted(base_w: int, *asked: Asked, is_sunless: bool = False) -> list[int]:
    return [wish.value for wish in allot(Load(base_w, EASY_W, LIMIT, is_sunless), list(asked))]


def test_price_runs_heaters_from_the_surplus_only_as_many_as_it_carries():
    heaters = [heater("a", need=10), heater("b", need=30), heater("c", need=20)]
    assert granted(-4000, *heaters) == [0, 1, 1]
    assert granted(-3999, *heaters) == [0, 1, 0]
    assert granted(0, *heaters) == [0, 0, 0]
    assert granted(4000, *heaters, is_sunless=True) == [1, 1, 1], "after a day without sun: up to the easy load"
    assert granted(7000, *heaters, is_sunless=True) == [0, 1, 0]


def test_who_runs_stays_on_and_equal_needs_go_by_id():
    assert granted(-2000, heater("a", need=99), heater("b", need=1, is_on=True)) == [0, 1]
    assert granted(-2000, heater("b"), heater("a"), resting("c")) == [0, 1, 0]


@pytest.mark.parametrize(("urgency", "ceiling_w"), [(EASY, EASY_W), (SOON, 20_000), (NOW, LIMIT)])
def test_the_more_urgent_the_fuller_the_feeder(urgency, ceiling_w):
    one = heater("a", urgency, reason=COMFORT)
    assert granted(ceiling_w - 2000, one) == [1]
    assert granted(ceiling_w - 1999, one) == [0]


def test_many_needs_at_once_are_staggered():
    """All thirty tanks are cold in the evening: as many run as the feeder carries, the coldest first."""
    street = [heater(f"{number:02}", NOW, number, reason=COMFORT) for number in range(30)]
    assert granted(20_000, *street) == [0] * 25 + [1] * 5
    assert granted(40_000, *street) == [0] * 30
    wishes = allot(Load(20_000, EASY_W, LIMIT, False), street)
    assert {wish.reason for wish in wishes if not wish.value} == {CAPACITY}


def test_a_minimum_time_is_kept_whatever_the_load():
    assert granted(40_000, heater("a", NOW, reason=MINIMUM_TIME, is_on=True), heater("b", NOW, 99)) == [1, 0]


def test_batteries_share_the_surplus_that_heaters_leave():
    assert granted(-6000, charging("a", 3000), charging("b", 1000), heater("c")) == [3000, 1000, 1]
    assert granted(-4000, charging("a", 3000), charging("b", 1000), heater("c")) == [1500, 500, 1]
    assert granted(5000, charging("a", 3000)) == [0], "none of the grid's while there may be sun"
    assert granted(5000, charging("a", 3000), charging("b", 7000), is_sunless=True) == [1500, 3500]
    assert granted(-2000, charging("a", 2000, SOON), charging("b", 2000)) == [2000, 0], "a deadline comes first"
    assert granted(19_000, charging("a", 2000, SOON)) == [1000]


def test_batteries_take_off_the_peak_and_then_as_much_as_lasts_but_never_all():
    assert granted(16_000, discharging("a", 4000), discharging("b", 8000)) == [-2000, -4000], "down to the easy load"
    assert granted(30_000, discharging("a", 4000), discharging("b", 8000)) == [-4000, -8000]
    assert granted(8000, discharging("a", 4000, 1000), discharging("b", 8000, 2000)) == [-1000, -2000]
    assert granted(800, discharging("a", 4000, 1000), discharging("b", 8000, 2000)) == [-233, -467], "an eighth is left"
    assert granted(0, discharging("a", 4000, 1000)) == granted(-5000, discharging("a", 4000, 1000)) == [0]


names = st.lists(st.binary(min_size=2, max_size=2), unique=True, max_size=12)
wishes = st.builds(
    Wish,
    st.integers(0, 1),
    st.sampled_from((PRICE, COMFORT)),
    st.integers(0, 1000),
    st.sampled_from((SPARE, EASY, SOON, NOW)),
)
powers = st.builds(
    Wish,
    st.integers(-5000, 5000),
    st.just(PRICE),
    st.integers(0, 1000),
    st.sampled_from((SPARE, SOON, NOW)),
    st.integers(0, 2000),
)


@st.composite
def streets(draw) -> list[Asked]:
    asked = []
    for name in draw(names):
        if draw(st.booleans()):
            asked.append(Asked(name, draw(st.integers(500, 4000)), draw(wishes), draw(st.booleans())))
        else:
            asked.append(Asked(name, 0, draw(powers), False))
    return asked


@given(streets(), st.integers(-40_000, 40_000), st.integers(0, 40_000), st.booleans(), st.randoms())
def test_all_decisions_together(asked, base_w, easy_w, is_sunless, random):
    """Never over the limit, no export from a battery, nothing invented, and the order of asking does not matter."""
    load = Load(base_w, easy_w, LIMIT, is_sunless)
    granted = allot(load, asked)
    drawn_w = given_w = 0
    for one, wish in zip(asked, granted, strict=True):
        assert min(0, one.wish.value) <= wish.value <= max(0, one.wish.value)
        assert (wish.reason == CAPACITY) == (wish.value != one.wish.value)
        value_w = wish.value * (one.power_w or 1)
        drawn_w, given_w = drawn_w + max(0, value_w), given_w - min(0, value_w)
    assert drawn_w == 0 or base_w + drawn_w - given_w <= LIMIT
    assert given_w <= max(0, base_w + drawn_w)
    mixed = list(asked)
    random.shuffle(mixed)
    assert dict(zip(mixed, allot(load, mixed), strict=True)) == dict(zip(asked, granted, strict=True))
