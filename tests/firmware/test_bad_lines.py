"""
PZEM-004Ts, an SDM230 and a SunSpec inverter at the end of a bad line, as the roles read them: what comes in is never
taken for a measurement, a line that is bad now and then costs nothing, and one that stays bad is told (EXHAUSTIVE=1:
in every way).
"""

import os
import random

import pytest

from tests.hil.plant.lines import crc
from wire import command, receipt
from wire.reading import CHIP_SILENT

from .neighbourhood import Neighbourhood

WINDOW_S = 900


def other_slave(reply):
    body = bytes((reply[0] ^ 0x40,)) + reply[1:-2]
    return body + crc(body)


SPOILS = {
    "bad CRC": lambda reply: reply[:-1] + bytes((reply[-1] ^ 1,)),
    "a bit turned": lambda reply: (
        reply[: len(reply) // 2] + bytes((reply[len(reply) // 2] ^ 8,)) + reply[len(reply) // 2 + 1 :]
    ),
    "half a frame": lambda reply: reply[: len(reply) // 2],
    "silence": lambda reply: b"",
    "noise before it": lambda reply: b"\x00\xff\x55" + reply,
    "noise instead": lambda reply: bytes(random.randrange(256) for _ in reply),
    "another slave's answer": other_slave,
    "nothing but the address": lambda reply: reply[:1],
}


class Line:
    """Between the boards and the plant: spoils the replies that `hits(name, port)` picks."""

    def __init__(self, town):
        self._uart = town.plant.uart
        town.plant.uart = self.uart
        self.spoil = None
        self.hits = lambda name, port: False
        self.spoilt = 0

    def uart(self, name, port, frame, now_ms):
        reply, delay_ms = self._uart(name, port, frame, now_ms)
        if reply and self.spoil and self.hits(name, port):
            self.spoilt += 1
            reply = self.spoil(reply)
        return reply, delay_ms


@pytest.fixture
def town(tmp_path):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    town = Neighbourhood(tmp_path)
    yield town
    town.stop()


def test_replies_that_are_spoilt_now_and_then_cost_nothing(town):
    line = Line(town)
    count = 0

    def now_and_then(_name, _port):
        nonlocal count
        count += 1
        return count % 3 == 0  # a request is asked three times at most

    line.hits = now_and_then
    town.start()
    for number, spoil in enumerate(SPOILS.values()):
        line.spoil = spoil
        town.play((number + 1) * WINDOW_S + 10)
    town.aggregator.command("meter-02", command.BATTERY_POWER, 1000)
    town.play((len(SPOILS) + 1) * WINDOW_S + 10)
    assert line.spoilt > 50
    for name in ("meter-01", "meter-02", "mlmd-1"):
        records = town.aggregator.records(name)
        assert len(records) == len(SPOILS) + 1
        assert not [one.flags for one in records if one.flags & CHIP_SILENT]
        truth = town.plant.energy(name)
        assert abs(records[-1].consumed_total_wh - truth.consumed_wh) <= 6  # counted from the first look on
    (answer,) = town.aggregator.receipts
    assert (answer.outcome, answer.value) == (receipt.OBEYED, 1000)


@pytest.mark.parametrize("name", SPOILS if os.environ.get("EXHAUSTIVE") else ("bad CRC", "noise before it"))
def test_a_line_that_stays_bad_is_told_and_its_energy_is_not_lost(town, name):
    line = Line(town)
    line.spoil = SPOILS[name]
    town.start()
    town.play(WINDOW_S + 10)
    line.hits = lambda _name, _port: True
    town.play(WINDOW_S + 100)
    town.aggregator.command("meter-02", command.BATTERY_POWER, 1000)
    town.play(2 * WINDOW_S + 10)
    line.hits = lambda _name, _port: False
    town.play(4 * WINDOW_S + 10)
    for who in ("meter-01", "meter-02", "mlmd-1"):
        records = town.aggregator.records(who)
        assert [bool(one.flags & CHIP_SILENT) for one in records] == [False, True, False, False], who
        assert abs(records[-1].consumed_total_wh - town.plant.energy(who).consumed_wh) <= 3, who
    (answer,) = town.aggregator.receipts
    assert (answer.outcome, receipt.REASONS[answer.reason]) == (receipt.REFUSED, "equipment_silent")
    assert {("chip_silent", False), ("chip_silent", True)} <= set(town.aggregator.told())
