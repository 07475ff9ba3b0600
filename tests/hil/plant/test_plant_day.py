"""A day behind the boards: what chips show is what flowed, and what one device does its neighbours see."""

import json
import random

import pytest

from hil.plant import Plant, baseline, build, wiring
from hil.scenario import SCENARIOS, BrokerKilled, ClockJump, PowerCut, Replay
from tests.hil.plant.lines import charge, model, pzem, read, registers, sdm

DAY = SCENARIOS["sunny_day"]
HOUR_MS = 3_600_000
START_MS = DAY.start_s * 1000


def plant(meters: int = 30, mlmds: int = 3, seed: int = 1, scenario: str = "sunny_day") -> Plant:
    day = SCENARIOS[scenario]
    return build(day, seed, meters, mlmds, day.start_s, day.duration_s)


def meters_with(street: Plant, what: str) -> list[str]:
    wired = {"heater": lambda e: e["heater"], "pv": lambda e: e["pzem"]["pv"], "battery": lambda e: e["inverter"]}
    return [site.name for site in street.sites if site.role == "meter" and wired[what](site.equipment)]


def registers_wh(street: Plant, now_ms: int) -> dict[tuple[str, int], int]:
    """Every PZEM's energy register."""
    return {
        (site.name, address): pzem(street, site.name, address, now_ms)["energy_wh"]
        for site in street.sites
        if site.role == "meter"
        for address in site.equipment["pzem"].values()
        if address
    }


def wild_day(street: Plant, seed: int, until_ms: int) -> None:
    """Relays and batteries moved at odd instants."""
    moves = random.Random(seed)
    heaters, batteries = meters_with(street, "heater"), meters_with(street, "battery")
    now_ms = START_MS
    while (now_ms := now_ms + moves.randrange(1, 400_000)) < until_ms:
        if moves.random() < 0.5:
            street.set_pin(moves.choice(heaters), wiring.HEATER_PIN, moves.randrange(2), now_ms)
        else:
            charge(street, moves.choice(batteries), moves.randrange(-100, 101), now_ms)
    street.advance(until_ms)


def test_registers_show_what_flowed():
    street, end_ms = plant(), START_MS + 24 * HOUR_MS
    before = registers_wh(street, START_MS)
    wild_day(street, 7, end_ms)
    after = registers_wh(street, end_ms)
    for name in [site.name for site in street.sites if site.role == "meter"]:
        truth = street.energy(name)
        branches = {1: truth.consumed_wh, 2: truth.produced_wh, 3: truth.charged_wh + truth.discharged_wh}
        for address, flowed_wh in branches.items():
            if (name, address) in before:
                assert abs(after[name, address] - before[name, address] - flowed_wh) < 1, (name, address)


def test_a_junction_sees_the_net_of_its_meters():
    street, end_ms = plant(), START_MS + 24 * HOUR_MS
    names = [site.name for site in street.sites if site.role == "mlmd"]
    before = {name: [sdm(street, name, register, START_MS) for register in (0x48, 0x4A)] for name in names}
    wild_day(street, 11, end_ms)
    for mlmd in names:
        energies = [street.energy(site.name) for site in street.sites if site.mlmd == mlmd and site.role == "meter"]
        net_wh = sum(e.consumed_wh - e.produced_wh + e.charged_wh - e.discharged_wh for e in energies)
        after = [sdm(street, mlmd, register, end_ms) for register in (0x48, 0x4A)]
        imported, exported = after[0] - before[mlmd][0], after[1] - before[mlmd][1]
        assert (imported - exported) * 1000 == pytest.approx(net_wh, abs=4)
        assert imported > 1 and exported > 1


def test_batteries_lose_five_percent_each_way():
    street, end_ms = plant(), START_MS + 24 * HOUR_MS
    before = {name: street.household(name).home.battery.stored_wh for name in meters_with(street, "battery")}
    wild_day(street, 3, end_ms)
    for name, stored_wh in before.items():
        energy, battery = street.energy(name), street.household(name).home.battery
        expected = stored_wh + energy.charged_wh * 0.95 - energy.discharged_wh / 0.95
        assert battery.stored_wh == pytest.approx(expected, abs=1e-6)
        assert battery.reserve_wh - 1e-6 <= battery.stored_wh <= battery.capacity_wh + 1e-6


def test_a_heater_moves_its_neighbours_voltage():
    street, now_ms = plant(), START_MS + 5 * HOUR_MS + 777
    names = [site.name for site in street.sites]
    street.advance(now_ms)
    before = {name: street.voltage_v(name) for name in names}
    seen_dv = sum(pzem(street, name, 1, now_ms)["voltage_dv"] for name in names[:30])
    for heater in meters_with(street, "heater")[:5]:
        street.set_pin(heater, wiring.HEATER_PIN, 1, now_ms)
    assert all(street.voltage_v(name) < before[name] - 0.05 for name in names)
    assert sum(pzem(street, name, 1, now_ms)["voltage_dv"] for name in names[:30]) < seen_dv


def test_a_switch_is_seen_at_once_and_counted_from_then():
    street, now_ms = plant(), START_MS + 5 * HOUR_MS + 30_000
    name = meters_with(street, "heater")[0]
    before = pzem(street, name, 1, now_ms)["power_dw"]
    street.set_pin(name, wiring.HEATER_PIN, 1, now_ms)
    rated_dw = street.household(name).home.heater.power_w * 10
    assert pzem(street, name, 1, now_ms)["power_dw"] - before == pytest.approx(rated_dw, abs=1)
    used_wh = street.energy(name).consumed_wh
    street.advance(now_ms + 90_000)
    assert street.energy(name).consumed_wh - used_wh == pytest.approx((before + rated_dw) / 10 * 90 / 3600, abs=0.1)


def test_an_inverter_obeys_and_says_so():
    street, now_ms = plant(), START_MS + HOUR_MS
    name = meters_with(street, "battery")[0]
    watts = street.household(name).home.battery.charge_w_max
    charge(street, name, -40, now_ms)
    (delivered_w,) = registers(street.uart(name, 1, read(10, 3, model(street, name, 103, now_ms) + 14, 1), now_ms)[0])
    assert delivered_w == watts * 40 // 100
    assert pzem(street, name, 3, now_ms)["power_dw"] == watts * 4


def test_an_inverter_left_alone_comes_to_rest():
    street, now_ms = plant(), START_MS + HOUR_MS
    name = meters_with(street, "battery")[0]
    charge(street, name, -40, now_ms, hold_s=600)
    street.advance(now_ms + 599_000)
    assert street.household(name).battery_w < 0
    street.advance(now_ms + 600_000)
    assert street.household(name).battery_w == 0


def test_an_open_breaker_leaves_its_area_dark():
    street, now_ms = plant(), START_MS + 11 * HOUR_MS
    inside = [site.name for site in street.sites if site.mlmd == "mlmd-2" and site.role == "meter"]
    street.set_pin("mlmd-2", wiring.BREAKER_PIN, 0, now_ms)
    used = [street.energy(name) for name in inside]
    assert all(street.uart(name, 2, read(1, 4, 0, 10), now_ms) == (b"", 0) for name in inside)
    assert sdm(street, "mlmd-2", 0x0C, now_ms) == 0
    street.advance(now_ms + HOUR_MS)
    assert [street.energy(name) for name in inside] == used
    street.set_pin("mlmd-2", wiring.BREAKER_PIN, 1, now_ms + HOUR_MS)
    assert sdm(street, "mlmd-2", 0x0C, now_ms + HOUR_MS) != 0
    assert pzem(street, inside[0], 1, now_ms + HOUR_MS)["voltage_dv"] > 2000


def test_a_device_without_power_lets_its_relay_fall():
    street = plant()
    name = meters_with(street, "heater")[0]
    street.set_pin(name, wiring.HEATER_PIN, 1, START_MS + 1000)
    street.power_lost(name, START_MS + 2000)
    assert street.pin(name, wiring.HEATER_PIN) == 0
    assert street.household(name).home.heater.heating_w == 0


def test_a_tank_is_read_as_a_voltage():
    street = plant()
    name = meters_with(street, "heater")[0]
    temperature_c = street.household(name).home.heater.temperature_c
    assert street.adc_uv(name, wiring.TEMPERATURE_PIN, START_MS) == pytest.approx(temperature_c * 33_000, abs=1)
    assert street.pin(name, wiring.MANUAL_SWITCH_PIN) == 1


def test_the_same_seed_is_the_same_day():
    def day(seed: int) -> str:
        street = plant(seed=seed)
        wild_day(street, 5, START_MS + 6 * HOUR_MS)
        return json.dumps([street.series(), street.quarters()])

    assert day(1) == day(1)
    assert day(1) != day(2)


def test_looking_changes_nothing():
    watched, alone = plant(), plant()
    for minute in range(0, 360, 7):
        for name in meters_with(watched, "heater")[:4]:
            pzem(watched, name, 1, START_MS + minute * 60_000 + 321)
    for street in (watched, alone):
        street.advance(START_MS + 6 * HOUR_MS)
    for name in meters_with(alone, "heater"):
        assert watched.energy(name) == pytest.approx(alone.energy(name))
    assert watched.series()["feeder_w"] == pytest.approx(alone.series()["feeder_w"], abs=0.2)


@pytest.mark.parametrize(("meters", "mlmds"), [(1, 1), (2, 3), (12, 2), (60, 6), (93, 4), (300, 30)])
def test_any_size_works(meters, mlmds):
    street = plant(meters, mlmds, seed=3)
    sites = {site.name: site for site in street.sites}
    assert [site.role for site in street.sites] == ["meter"] * meters + ["mlmd"] * mlmds
    assert len(sites) == meters + mlmds
    assert all(sites[site.mlmd].role == "mlmd" for site in street.sites)
    sizes = [sum(site.mlmd == name for site in street.sites) - 1 for name in sites if sites[name].role == "mlmd"]
    assert max(sizes) - min(sizes) <= 1
    street.advance(START_MS + 2 * HOUR_MS)
    assert len(street.series()["feeder_w"]) == 24
    assert street.feeder_w() == pytest.approx(sum(street.area_w(name) for name in sites if sites[name].role == "mlmd"))
    for name in sites:
        assert 215 < street.voltage_v(name) < 253
    registers_wh(street, START_MS + 2 * HOUR_MS)


def test_who_has_what():
    """Over seeds, of 30 homes: 15 heaters, 10 roofs, 8 batteries; the roofs make half of the year's energy."""
    for seed in range(5):
        street = plant(seed=seed)
        counts = [len(meters_with(street, what)) for what in ("heater", "pv", "battery")]
        assert counts == [15, 10, 8]
        assert len({site.node for site in street.sites if site.role == "meter"}) > 25


def test_terms_and_limits_fit_the_equipment():
    for site in plant().sites:
        kinds = [kind for kind, _, _ in site.contracts]
        expected = [1] + [2] * bool(site.equipment["heater"]) + [3] * bool(site.equipment["inverter"])
        assert kinds == (expected if site.role == "meter" else [])
        assert (site.limits["temperature_mc_max"] > 0) == bool(site.equipment["heater"])
        assert (site.limits["charge_w_max"] > 0) == bool(site.equipment["inverter"])


def test_the_days_are_what_they_are_called():
    sunny = baseline(DAY, 1, 30, 3, DAY.start_s, DAY.duration_s)
    noon_w = sunny["series"]["feeder_w"][11 * 12]
    assert noon_w < -10_000 and sunny["self_consumption_pct"] < 50
    dark = SCENARIOS["evening_peak"]
    evening = baseline(dark, 2, 30, 3, dark.start_s, dark.duration_s)
    quarter_w = [sum(evening["series"]["feeder_w"][i : i + 3]) / 3 for i in range(0, 288, 3)]
    assert 16 <= quarter_w.index(max(quarter_w)) / 4 <= 21
    assert max(quarter_w) > 2 * sum(quarter_w) / 96


def test_the_record_ends_with_the_day():
    street = plant(4, 1)
    street.advance(START_MS + 24 * HOUR_MS)
    day = json.dumps([street.series(), street.quarters()])
    street.advance(START_MS + 25 * HOUR_MS)
    assert json.dumps([street.series(), street.quarters()]) == day
    assert len(street.series()["feeder_w"]) == 288 and len(street.quarters()["start_s"]) == 96


def test_a_rough_day_has_every_fault_inside_the_day():
    rough = SCENARIOS["rough_day"]
    assert {type(fault) for fault in rough.faults} == {BrokerKilled, PowerCut, Replay, ClockJump}
    assert sum(isinstance(fault, PowerCut) for fault in rough.faults) == 2
    assert all(0 < fault.at_s < rough.duration_s for fault in rough.faults)
    assert not SCENARIOS["sunny_day"].faults and not SCENARIOS["evening_peak"].faults
