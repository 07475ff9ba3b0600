"""The chips a household's load may be measured by, each behind its driver, as the Household reads them."""

from chips.cse7766 import Cse7766Chip
from chips.dsmr_p1 import P1Port
from load_chip import open_chip


class Clock:
    def __init__(self):
        self.ms = 0

    def __call__(self):
        return self.ms


class Uart:
    def __init__(self):
        self.data = b""

    def read(self):
        data, self.data = self.data, b""
        return data


class Pin:
    IRQ_FALLING, IRQ_RISING = 2, 1

    def __init__(self):
        self.level = 1

    def value(self):
        return self.level

    def irq(self, handler, trigger):
        self.handler = handler


class Board:
    def __init__(self):
        self.uart, self.pin = Uart(), Pin()

    def metering_chip(self):
        return self.uart

    def p1_port(self):
        return self.uart

    def s0_input(self):
        return self.pin


def test_a_pzem_is_none_of_them():
    assert open_chip("pzem", Board(), 10_000, Clock()) is None


def test_a_cse7766_counts_what_flows():
    board, clock, chip = Board(), Clock(), Cse7766Chip()
    load = open_chip("cse7766", board, 10_000, clock)
    assert load.read() is None  # nothing heard yet
    chip.power_mw, chip.current_ma = 2_300_000, 10_000
    for _ in range(20 * 360):
        clock.ms += 50
        chip.advance(50)
        board.uart.data += chip.frame()
        if clock.ms % 1000 == 0:
            load.take()
    branch, export_wh = load.read()
    assert export_wh is None and abs(branch.energy_wh - 230) <= 1
    assert abs(branch.power_w - 2300) <= 5 and abs(branch.voltage_mv - 230_000) < 1500
    clock.ms += 60_000
    assert load.read() is None


def test_a_p1_port_tells_both_directions():
    board, clock, port = Board(), Clock(), P1Port((1_000, 2_000), (300, 0))
    load = open_chip("p1", board, 10_000, clock)
    port.power_w = -900
    port.advance(3600)
    board.uart.data = port.telegram()
    branch, export_wh = load.read()
    assert (branch.power_w, branch.energy_wh, export_wh) == (-900, 3_000, 1_200)
    clock.ms += 5_000
    assert load.read()[1] == 1_200  # the last one stands for a while
    clock.ms += 60_000
    assert load.read() is None


def test_s0_pulses_are_counted():
    board, clock = Board(), Clock()
    load = open_chip("s0", board, 10_000, clock)
    for _ in range(5):
        for level, after_ms in ((0, 500), (1, 40)):
            clock.ms += after_ms
            board.pin.level = level
            board.pin.handler(board.pin)
    load._counter.keep = lambda: None  # the file is the device's
    branch, _ = load.read()
    assert branch.energy_wh == 5 and branch.power_w == 5 * 3_600_000 // clock.ms
