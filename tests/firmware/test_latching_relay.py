"""The latching relay against a contact with two coils."""

import random

from drivers.latching_relay import PULSE_MS, LatchingRelay

PULL_IN_MS = 10


class Relay:
    """Two coils and a contact that follows a coil held for PULL_IN_MS; both at once is never allowed."""

    def __init__(self):
        self.coils = {"open": 0, "close": 0}
        self.contact = None
        self.on_ms = 0
        self.longest_ms = 0

    def pass_ms(self):
        on = [name for name, level in self.coils.items() if level]
        self.on_ms = self.on_ms + 1 if on else 0
        self.longest_ms = max(self.longest_ms, self.on_ms)
        if on and self.on_ms >= PULL_IN_MS:
            self.contact = on[0]


class Coil:
    def __init__(self, relay, name):
        self._relay = relay
        self._name = name

    def value(self, level):
        if self._relay.coils[self._name] != level:
            self._relay.coils[self._name] = level
            self._relay.on_ms = 0
        assert sum(self._relay.coils.values()) <= 1, "both coils"


class Bench:
    def __init__(self, now_ms=0x3FFFFFFF - 100):
        self.now_ms = now_ms
        self.relay = Relay()
        self.relay.coils = {"open": 1, "close": 0}  # whatever the pins were at reset
        self.driver = LatchingRelay(Coil(self.relay, "close"), Coil(self.relay, "open"))

    def run(self, for_ms):
        for _ in range(for_ms):
            self.now_ms = (self.now_ms + 1) & 0x3FFFFFFF
            self.relay.pass_ms()
            self.driver.step(self.now_ms)
        return self

    def drive(self, closed):
        return self.driver.drive(closed, self.now_ms)


def test_no_coil_is_driven_at_start_and_the_contact_is_unknown():
    bench = Bench().run(1_000)
    assert bench.relay.coils == {"open": 0, "close": 0}
    assert bench.driver.is_closed is None and bench.relay.contact is None


def test_a_pulse_moves_the_contact_and_ends():
    bench = Bench()
    for closed, contact in ((True, "close"), (False, "open"), (True, "close")):
        assert bench.drive(closed)
        assert sum(bench.relay.coils.values()) == 1
        bench.run(200)
        assert bench.relay.contact == contact
        assert sum(bench.relay.coils.values()) == 0
    assert bench.relay.longest_ms == PULSE_MS


def test_the_first_drive_pulses_either_way():
    for closed in (True, False):
        assert Bench().drive(closed)


def test_what_is_there_already_is_not_driven_again():
    bench = Bench()
    bench.drive(True)
    bench.run(200)
    assert not bench.drive(True)
    assert sum(bench.relay.coils.values()) == 0


def test_the_other_direction_does_not_wait_for_the_running_pulse():
    for after_ms in range(PULSE_MS + 5):
        bench = Bench()
        bench.drive(True)
        bench.run(after_ms)
        assert bench.drive(False)
        assert bench.relay.coils == {"open": 1, "close": 0}
        assert bench.run(PULL_IN_MS).relay.contact == "open", after_ms
        assert sum(bench.run(200).relay.coils.values()) == 0


def test_a_contact_that_did_not_follow_is_driven_once_more():
    bench = Bench()
    bench.driver.repeat(bench.now_ms)
    assert sum(bench.relay.coils.values()) == 0  # nowhere to go yet
    bench.drive(False)
    bench.run(200)
    bench.relay.contact = "close"
    bench.driver.repeat(bench.now_ms)
    assert bench.run(200).relay.contact == "open"


def test_whatever_is_asked_and_whenever_never_both_coils():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    bench = Bench()
    for _ in range(2_000):
        closed = bool(random.randrange(2))
        bench.drive(closed)
        bench.run(random.randrange(70))
        if sum(bench.relay.coils.values()) == 0:
            assert bench.relay.contact == ("close" if closed else "open")
    assert bench.relay.longest_ms <= PULSE_MS
