"""Edge control as tables: who is shed for how much, and who comes back when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.edge_control import FRESH_S, Deferrable, Junction, Shed, choose, decide, still_in_force
from tests.aggregator.area import NOW

M1, M2 = b"mlmd---1", b"mlmd---2"
LIMIT = 10_000


def heater(
    name: int, temperature_c: int, power_w: int = 2000, mlmd: bytes = M1, on: bool = True, value: int | None = 1
):
    return Deferrable(b"heater-%d" % name, mlmd, name, power_w, temperature_c * 1000, on, value)


def junction(power_w: int, mlmd: bytes = M1, measured_s: int = NOW) -> Junction:
    return Junction(mlmd, measured_s, power_w, LIMIT)


def shed(load: Deferrable, since_s: int = NOW - 60, refused: bool = False) -> Shed:
    return Shed(load.device_id, load.mlmd_id, load.power_w, since_s, NOW + 900, refused)


def switches(junctions, loads, sheds=(), feeder_w_max: int = 1_000_000, limits_w=None) -> list[tuple[int, int]]:
    """(heater, value) of each switch."""
    made = decide(junctions, loads, {item.device_id: item for item in sheds}, limits_w or {}, feeder_w_max, NOW)
    return [(switch.load.contract_id, switch.value) for switch in made]


@pytest.mark.parametrize(
    ("excess_w", "heaters", "chosen"),
    [
        (1, [(1, 50, 2000), (2, 60, 2000)], [2]),  # the warmest
        (2001, [(1, 50, 2000), (2, 60, 2000), (3, 55, 2000)], [2, 3]),  # as many as needed, warmest first
        (3000, [(1, 50, 3000), (2, 60, 500), (3, 55, 500)], [1]),  # none that the others make needless
        (9000, [(1, 50, 3000), (2, 60, 500)], [2, 1]),  # not enough: everything there is
        (500, [(2, 50, 500), (1, 50, 500)], [1]),  # equally warm: by id
    ],
)
def test_the_warmest_tanks_and_no_more_than_needed(excess_w, heaters, chosen):
    loads = [heater(*row) for row in heaters]
    assert [load.contract_id for load in choose(loads, excess_w)] == chosen


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 4000)), max_size=12), st.integers(1, 20_000))
def test_what_is_chosen_covers_the_excess_when_it_can_and_none_is_needless(rows, excess_w):
    loads = [heater(number, *row) for number, row in enumerate(rows)]
    chosen = choose(loads, excess_w)
    power_w = sum(load.power_w for load in chosen)
    assert power_w >= excess_w or (chosen and len(chosen) == len(loads)) or not loads
    if power_w >= excess_w:
        assert all(power_w - load.power_w < excess_w for load in chosen)


def test_a_micro_area_over_its_limit_sheds_its_own_heaters_only():
    loads = [heater(1, 50), heater(2, 60), heater(3, 90, mlmd=M2)]
    assert switches([junction(11_000), junction(5000, M2)], loads) == [(2, 0)]


def test_the_configured_limit_goes_before_the_device_s():
    assert switches([junction(9000)], [heater(1, 50)], limits_w={M1: 8000}) == [(1, 0)]
    assert switches([junction(11_000)], [heater(1, 50)], limits_w={M1: 12_000}) == []


def test_at_the_limit_nothing_happens():
    assert switches([junction(LIMIT)], [heater(1, 50)]) == []


def test_the_feeder_sheds_across_areas_after_what_the_areas_shed_themselves():
    loads = [heater(1, 50), heater(2, 60, mlmd=M2), heater(3, 70)]
    assert switches([junction(8000), junction(8000, M2)], loads, feeder_w_max=15_000) == [(3, 0)]
    assert switches([junction(11_000), junction(8000, M2)], loads, feeder_w_max=17_000) == [(3, 0)]
    assert switches([junction(11_000), junction(8000, M2)], loads, feeder_w_max=16_000) == [(2, 0), (3, 0)]


def test_a_load_that_is_off_or_shed_already_is_not_shed():
    off, gone = heater(1, 80, on=False), heater(2, 80)
    assert switches([junction(11_000)], [off, gone, heater(3, 50)], [shed(gone)]) == [(3, 0)]


def test_what_was_shed_since_the_measurement_counts():
    first = heater(1, 60)
    assert switches([junction(11_000)], [first, heater(2, 50)], [shed(first, since_s=NOW)]) == []
    assert switches([junction(11_000)], [first, heater(2, 50)], [shed(first, since_s=NOW - 1)]) == [(2, 0)]


def test_a_device_that_refused_is_left_alone_and_does_not_count():
    comfort = heater(1, 60)
    refusal = shed(comfort, since_s=NOW, refused=True)
    assert switches([junction(11_000)], [comfort, heater(2, 50)], [refusal]) == [(2, 0)]
    assert switches([junction(1000)], [comfort], [refusal]) == []


@pytest.mark.parametrize(
    ("power_w", "feeder_w_max", "back"),
    [
        (6999, 100_000, [(1, 1)]),  # 9000 W is a tenth below the limit
        (7000, 100_000, [(1, 1)]),
        (7001, 100_000, []),
        (4000, 100_000, [(1, 1), (2, 1)]),
        (5001, 100_000, [(1, 1)]),  # the coldest first, then what still fits
        (4000, 7000, [(1, 1)]),  # the feeder has room for one
    ],
)
def test_loads_come_back_with_hysteresis_the_coldest_first(power_w, feeder_w_max, back):
    loads = [heater(2, 60, on=False), heater(1, 50, on=False)]
    sheds = [shed(load) for load in loads]
    assert switches([junction(power_w)], loads, sheds, feeder_w_max) == back


def test_only_what_the_ledger_wants_on_comes_back():
    for value in (0, None):
        load = heater(1, 50, on=False, value=value)
        assert switches([junction(0)], [load], [shed(load)]) == []


def test_an_old_measurement_says_nothing():
    assert switches([junction(20_000, measured_s=NOW - FRESH_S)], [heater(1, 50)]) == []


def test_sheds_run_out():
    load = heater(1, 50)
    assert still_in_force({load.device_id: shed(load)}, NOW + 899)
    assert not still_in_force({load.device_id: shed(load)}, NOW + 900)
