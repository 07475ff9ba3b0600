"""A Sonoff POW-style board as one of the meters: its chip talks unasked, what it counts is signed and acknowledged."""

from hil.board import board_frames as frames
from hil.plant.chips.cse7766 import Cse7766Chip

from .neighbourhood import Neighbourhood

HOUR = 3600
CHIP_UART = 1


def sonoff(config):
    if config["name"] != "meter-01":
        return config
    return config | {"board": "sonoff_pow", "equipment": {"chip": "cse7766"}, "limits": {}}


def test_a_sonoff_pow_measures_by_its_own_chip(tmp_path):
    town = Neighbourhood(tmp_path, edit=sonoff)
    chip, device = Cse7766Chip(), town.devices["meter-01"]
    chip.power_mw, chip.current_ma = 1_150_000, 5_000

    def push():
        chip.advance(1000)
        device._hand(frames.UART_IN, CHIP_UART, chip.frame())
        town.time.at(town.time.now_ms + 1000, push)

    try:
        town.start()
        town.time.at(town.time.now_ms, push)
        town.play(HOUR + 10)
    finally:
        town.stop()
    records = town.aggregator.records("meter-01")
    assert [record.start_s + record.duration_s - town.begin_s for record in records] == [900, 1800, 2700, 3600]
    for record in records[1:]:
        assert abs(record.consumed_wh - 1150 / 4) <= 1 and abs(record.power_w - 1150) <= 5
        assert abs(record.voltage_mv - 230_000) < 1500
    assert not any(record.flags for record in records[1:])
