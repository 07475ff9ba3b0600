"""
Boards that are wired otherwise, each in its role: a Sonoff POW-style meter with its own chip, relay, button and
LED; meters read from a P1 port and from an S0 output; an M-LMD whose contact two coils move.
"""

from itertools import pairwise

import pytest

from hil.board import board_frames as frames
from hil.grid_faults import GridFaults
from hil.plant.chips.cse7766 import Cse7766Chip
from hil.plant.chips.dsmr_p1 import P1Port
from hil.scenario import ShortCircuit
from wire import command, receipt
from wire.reading import AFTER_BOOT, CHIP_SILENT, VOLTAGE_UNMEASURED

from .neighbourhood import Neighbourhood

HOUR = 3600
UART = 1
RELAY_PIN, BUTTON_PIN, LED_PIN = 13, 0, 18  # sonoff_pow
S0_PIN = 25  # esp32_devkit
CLOSE_PIN, OPEN_PIN = 27, 14
SONOFF = {"chip": "cse7766", "switch": True, "button": True, "led": True}


@pytest.fixture
def street(tmp_path):
    """A function: a town whose `name` has these settings in its config."""
    towns = []

    def build(name, **settings):
        town = Neighbourhood(tmp_path, edit=lambda config: config | (settings if config["name"] == name else {}))
        towns.append(town)
        return town

    yield build
    for town in towns:
        town.stop()


def every(town, pause_ms, act):
    """Do it again and again, from the start."""

    def again():
        act()
        town.time.at(town.time.now_ms + pause_ms, again)

    town.time.at(town.time.now_ms, again)


def push(town, data):
    town.devices["meter-01"]._hand(frames.UART_IN, UART, data)


def a_sonoff(street, power_w=1150):
    town = street("meter-01", board="sonoff_pow", equipment=SONOFF, limits={"on_s_min": 60, "off_s_min": 60})
    chip = Cse7766Chip()

    def measure():
        is_on = town.switched("meter-01", RELAY_PIN)[-1][1] if town.switched("meter-01", RELAY_PIN) else 1
        chip.power_mw, chip.current_ma = is_on * power_w * 1000, is_on * power_w * 1000 // 230
        chip.advance(1000)
        push(town, chip.frame())

    every(town, 1000, measure)
    town.start()
    return town


def press(town, at_s):
    """A finger at the button, for a fifth of a second, its contact bouncing."""
    at_ms = (town.begin_s + at_s) * 1000
    for after_ms, level in ((0, 0), (3, 1), (6, 0), (200, 1), (204, 0), (207, 1)):
        town.time.at(at_ms + after_ms, lambda level=level: town.drive("meter-01", BUTTON_PIN, level))


def test_a_sonoff_pow_measures_by_its_own_chip(street):
    town = a_sonoff(street)
    town.play(1810)
    records = town.aggregator.records("meter-01")
    assert [record.start_s + record.duration_s - town.begin_s for record in records] == [900, 1800]
    for record in records[1:]:
        assert abs(record.consumed_wh - 1150 / 4) <= 1 and abs(record.power_w - 1150) <= 5
        assert abs(record.voltage_mv - 230_000) < 1500
    assert [record.flags for record in records] == [AFTER_BOOT, 0] and records[-1].relays == 1


def test_a_sonoff_s_relay_obeys_and_closes_again_when_the_command_ends(street):
    town = a_sonoff(street)
    town.play(1000)
    town.aggregator.command("meter-01", command.RELAY, 0, lasts_s=600)
    town.play(1900)
    moves = [(at_s, level) for at_s, level in town.switched("meter-01", RELAY_PIN) if at_s]
    assert moves == [(1000, 0), (1600, 1)]
    (answer,) = town.aggregator.receipts
    assert (answer.outcome, answer.relays) == (receipt.OBEYED, 0)
    window = town.aggregator.records("meter-01")[1]
    assert abs(window.consumed_wh - 1150 * 300 / 3600) <= 2  # off for 600 of its 900 s


def test_a_sonoff_s_button_locks_out_over_every_command_and_a_power_cut_and_its_led_says_so(street):
    town = a_sonoff(street)
    press(town, 1000)
    town.play(1001)
    assert town.switched("meter-01", RELAY_PIN)[-1] == (1000, 0)
    town.aggregator.command("meter-01", command.RELAY, 1)
    town.play(1100)
    assert [receipt.REASONS[one.reason] for one in town.aggregator.receipts] == ["locked_out"]
    levels = [level for at_s, level in town.switched("meter-01", LED_PIN) if 1010 <= at_s < 1090]
    assert abs(levels.count(0) - 3 * levels.count(1)) <= 60  # a second and a half lit, half a second dark
    assert sum(one != two for one, two in pairwise(levels)) in (79, 80, 81)
    town.devices["meter-01"].power_off()
    town.devices["meter-01"].power_on()
    town.play(1400)
    assert town.switched("meter-01", RELAY_PIN)[-1][1] == 0
    press(town, 1500)
    town.play(1600)
    assert town.switched("meter-01", RELAY_PIN)[-1][1] == 1
    assert {level for at_s, level in town.switched("meter-01", LED_PIN) if at_s > 1510} <= {0}  # steadily lit


def test_a_meter_is_read_from_a_p1_port(street):
    town = street("meter-01", equipment={"chip": "p1"}, limits={})
    port = P1Port((1_000_000, 2_000_000), (300_000, 0))
    port.power_w = -800

    def talk():
        if town.time.now_ms == (town.begin_s + HOUR) * 1000:
            port.power_w = 1200
        telegram = port.telegram()
        push(town, telegram[:400])  # in two pieces, as a UART hands them over
        push(town, telegram[400:])
        port.advance(10)

    every(town, 10_000, talk)
    town.start()
    town.play(2 * HOUR + 10)
    records = town.aggregator.records("meter-01")
    assert len(records) == 8 and not any(record.flags & ~AFTER_BOOT for record in records)
    produced, consumed = [one.produced_wh for one in records[1:4]], [one.consumed_wh for one in records[5:]]
    assert all(abs(wh - 200) <= 3 for wh in produced) and all(abs(wh - 300) <= 4 for wh in consumed)
    assert (records[2].power_w, records[6].power_w, records[2].voltage_mv) == (-800, 1200, 230_000)


def test_a_p1_port_that_falls_silent_is_told(street):
    town = street("meter-01", equipment={"chip": "p1"}, limits={})
    port = P1Port()
    every(town, 10_000, lambda: push(town, port.telegram() if town.time.now_ms < (town.begin_s + 1500) * 1000 else b""))
    town.start()
    town.play(HOUR)
    assert town.aggregator.records("meter-01")[2].flags & CHIP_SILENT
    assert ("chip_silent", False) in town.aggregator.told()


def test_a_meter_is_read_from_an_s0_output_and_says_that_it_measures_no_voltage(street):
    town = street("meter-01", equipment={"chip": "s0"}, limits={})

    def pulse():  # every 4 s a watt-hour: 900 W
        for after_ms, level in ((0, 0), (2, 1), (4, 0), (40, 1), (42, 0), (43, 1), (500, 0), (503, 1)):
            at_ms = town.time.now_ms + after_ms
            town.time.at(at_ms, lambda level=level: town.drive("meter-01", S0_PIN, level))

    town.levels["meter-01", S0_PIN] = 1
    every(town, 4_000, pulse)
    town.start()
    town.play(1810)
    before = town.aggregator.records("meter-01")
    assert abs(before[1].consumed_wh - 225) <= 1 and abs(before[1].power_w - 900) <= 12
    assert all(one.flags & VOLTAGE_UNMEASURED and not one.flags & CHIP_SILENT for one in before)
    assert "voltage_lost" not in [code for code, _ in town.aggregator.told()]
    town.devices["meter-01"].power_off()  # the count is on its flash
    town.devices["meter-01"].power_on()
    town.play(HOUR + 10)
    after = town.aggregator.records("meter-01")
    assert after[-1].consumed_total_wh - before[-1].consumed_total_wh in range(370, 451)  # two windows, but for a while


def test_an_m_lmd_moves_its_contact_by_two_coils(street):
    town = street("mlmd-1", breaker={"curve": "C", "rated_ma": 63_000, "coils": True})
    moved = town.plant.set_pin

    def latch(name, pin, value, now_ms):
        if name == "mlmd-1" and pin in (CLOSE_PIN, OPEN_PIN):
            assert not (value and coils[OPEN_PIN + CLOSE_PIN - pin]), "both coils at once"
            coils[pin] = value
            pulses.append((pin, value, now_ms))
            if not value:
                return  # the contact stays
            pin, value = CLOSE_PIN, int(pin == CLOSE_PIN)
        moved(name, pin, value, now_ms)

    coils, pulses = {CLOSE_PIN: 0, OPEN_PIN: 0}, []
    town.plant.set_pin = latch
    town.start()
    town.play(1000)
    GridFaults(town.time, town.plant, town.devices).carry_out(ShortCircuit(0, 1, 12.0, 600), "mlmd-1")
    town.play(1010)
    assert [trip["latency_ms"] <= 20 for trip in town.plant.trips] == [True]
    town.play(1700)
    assert town.aggregator.told()[0] == ("breaker_instantaneous", False)
    driven = [(pin, on) for pin, on, _ in pulses]
    at_ms = [ms for _, on, ms in pulses if on]
    assert [pin for pin, on in driven if on] == [CLOSE_PIN, OPEN_PIN, CLOSE_PIN]  # at the start, tripped, by hand
    ends = [ms for pin, on, ms in pulses if not on and ms > town.begin_s * 1000 + 49]
    assert all(any(end - begin == 50 for end in ends) for begin in at_ms)
    assert not any(coils.values())
