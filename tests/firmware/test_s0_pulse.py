"""The S0 input against a contact that bounces and a wire that picks up interference."""

import random

from chips.s0_pulse import S0Output, bouncing, pulse, spike
from drivers.s0_pulse import S0Pulse

BOTH_EDGES = 3


class Wire:
    """A pin with its interrupt, and the clock: edges are played in the order of their time."""

    def __init__(self):
        self.now_ms = 0
        self.level = 1
        self.handler = None

    def irq(self, handler, trigger):
        assert trigger == BOTH_EDGES
        self.handler = handler

    def value(self):
        return self.level

    def ticks_ms(self):
        return self.now_ms & 0x3FFFFFFF

    def play(self, edges):
        for at_ms, level in edges:
            assert at_ms >= self.now_ms
            self.now_ms = at_ms
            if level != self.level:
                self.level = level
                self.handler(self)


class Store:
    def __init__(self, count=0):
        self.count = count
        self.saves = 0

    def load(self):
        return self.count

    def save(self, count):
        self.count = count
        self.saves += 1


def an_input(store=None):
    wire = Wire()
    return wire, S0Pulse(wire, BOTH_EDGES, store or Store(), wire.ticks_ms)


# How many pulses the input makes of these edges.
def counted(edges):
    wire, s0 = an_input()
    wire.play(edges)
    return s0.count


def test_what_is_a_pulse():
    table = (
        ("the shortest of the standard", pulse(100, 30), 1),
        ("a long one", pulse(100, 500), 1),
        ("two with the shortest pause", pulse(100, 30) + pulse(160, 30), 2),
        ("a spike", spike(100), 0),
        ("a spike too long for a spike and too short for a pulse", spike(100, 19), 0),
        ("many spikes", [edge for at_ms in range(100, 3_000, 50) for edge in spike(at_ms, 2)], 0),
        ("a spike beside a pulse", spike(100) + pulse(150), 1),
        ("an opening of 1 ms in the middle of a pulse", [(100, 0), (115, 1), (116, 0), (130, 1)], 1),
        ("a bounce before and after", [(100, 0), (101, 1), (102, 0), (132, 1), (133, 0), (134, 1)], 1),
        ("across the end of the ticks", pulse(0x3FFFFFFF - 10, 30), 1),
        ("an opening edge without a closing one", [(100, 1)], 0),
    )
    for what, edges, expected in table:
        assert counted(edges) == expected, what


def test_a_contact_that_is_closed_at_start_counts_when_it_closes_again():
    wire = Wire()
    wire.level = 0
    s0 = S0Pulse(wire, BOTH_EDGES, Store(), wire.ticks_ms)
    wire.play([(1_000, 1)])
    wire.play(pulse(2_000))
    assert s0.count == 1


def test_a_bouncing_contact_counts_each_pulse_once():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    wire, s0 = an_input()
    for number in range(1_000):
        wire.play(bouncing(100 + 100 * number, random, 40))
        assert s0.count == number + 1


def test_interference_between_pulses_counts_nothing():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    wire, s0 = an_input()
    for number in range(1_000):
        wire.play(bouncing(200 * number + 1, random, 40))
        wire.play(spike(200 * number + 70 + random.randrange(100), random.randrange(1, 5)))
        assert s0.count == number + 1


def test_an_hour_of_a_meter():
    (wire, s0), output = an_input(), S0Output(1000)
    waiting = []
    for second in range(1, 3_601):
        wire.play(waiting)
        waiting = output.advance(second * 1000, 1000, 2_300)
    wire.play(waiting)
    assert s0.count == output.pulses == 2_300
    assert s0.energy_wh == 2_300


def test_meters_of_other_constants():
    for pulses_per_kwh, energy_wh in ((1000, 12_345), (500, 24_690), (800, 15_431), (10_000, 1_234)):
        wire = Wire()
        assert S0Pulse(wire, BOTH_EDGES, Store(12_345), wire.ticks_ms, pulses_per_kwh).energy_wh == energy_wh


def test_the_count_outlives_a_power_cut_up_to_what_was_kept():
    store = Store(500)
    wire, s0 = an_input(store)
    wire.play(pulse(100) + pulse(200))
    s0.keep()
    wire.play(pulse(300))
    _, again = an_input(store)
    assert (s0.count, again.count) == (503, 502)


def test_a_count_that_did_not_move_is_not_written_again():
    store = Store()
    wire, s0 = an_input(store)
    for _ in range(3):
        s0.keep()
    wire.play(pulse(100))
    for _ in range(3):
        s0.keep()
    assert store.saves == 1
