"""A device's idea of the time. Ticks and the real-time clock are moved by hand."""

from clock import Clock

T = 1800000000
ASKED = b"question"


class World:
    def __init__(self, floor_s=0):
        self.ms = 5000000
        self.rtc_offset_s = 0
        self.faults = 0
        self.clock = Clock(lambda: self.ms, lambda a, b: a - b, self._rtc_s, floor_s, self._fault)

    def _rtc_s(self):
        return self.ms // 1000 + self.rtc_offset_s

    def _fault(self):
        self.faults += 1

    def told(self, time_s, late_ms=0, challenge=ASKED):
        self.clock.ask(ASKED)
        self.ms += late_ms
        return self.clock.answer(time_s, challenge)


def test_there_is_no_time_before_the_first_answer():
    world = World()
    assert world.clock.utc_s() is None
    assert world.told(T)
    world.ms += 1999
    assert world.clock.utc_s() == T + 1


def test_only_the_answer_to_the_own_question_counts():
    world = World()
    assert not world.told(T, challenge=b"anothers")
    assert world.told(T)
    assert not world.clock.answer(T + 9000, ASKED)  # the same answer's question cannot be used again
    assert not world.told(T + 9000, late_ms=5001)
    assert world.clock.utc_s() == T + 5
    assert world.faults == 0


def test_small_differences_are_the_way_and_whole_seconds():
    world = World()
    world.told(T)
    world.ms += 60000
    assert world.told(T + 62)
    assert world.clock.utc_s() == T + 60
    assert (world.faults, world.clock.take_uncertain()) == (0, False)


def test_a_wrong_clock_is_set_forward_and_says_so_once():
    world = World()
    world.told(T)
    assert world.told(T + 3600)
    assert world.clock.utc_s() == T + 3600
    assert world.faults == 1
    assert world.clock.take_uncertain()
    assert not world.clock.take_uncertain()


def test_it_never_goes_back_but_stands_until_time_has_come():
    world = World()
    world.told(T + 3600)
    assert world.clock.utc_s() == T + 3600
    assert world.told(T)
    assert world.clock.utc_s() == T + 3600
    assert world.clock.take_uncertain()
    assert world.clock.take_uncertain()  # as long as it stands
    world.ms += 3601000
    assert world.clock.utc_s() == T + 3601
    assert not world.clock.take_uncertain()


def test_what_was_signed_before_a_reboot_is_not_undercut():
    world = World(floor_s=T + 900)
    world.told(T)
    assert world.clock.utc_s() == T + 900
    assert world.clock.take_uncertain()


def test_the_real_time_clock_is_watched():
    world = World()
    world.told(T)
    for moved_s, noticed in ((0, False), (2, False), (3602, True), (3602, False), (-10, True)):
        world.ms += 300000
        world.rtc_offset_s = moved_s
        assert world.clock.rtc_moved() == noticed, moved_s
    assert world.faults == 2
    assert world.clock.utc_s() == T + 1500


def test_a_signed_message_from_another_time_contradicts():
    world = World()
    assert not world.clock.contradicts(T + 9999)  # not set: nothing to contradict
    world.told(T)
    for issued_s, contradicts in ((T - 121, True), (T - 120, False), (T + 2, False), (T + 3, True)):
        assert world.clock.contradicts(issued_s) == contradicts


class Drifting(World):
    """Ticks that run slow by some millionths; UTC goes on as it should."""

    def __init__(self, slow_ppm, known_ppm=0):
        super().__init__()
        self.slow_ppm = slow_ppm
        self.true_ms = T * 1000
        self.clock = Clock(lambda: self.ms, lambda a, b: a - b, self._rtc_s, 0, self._fault, known_ppm)

    def later(self, s):
        self.true_ms += s * 1000
        self.ms += s * (1000000 - self.slow_ppm) // 1000
        self.clock.uptime_ms()

    def asks(self):
        return self.told(self.true_ms // 1000)

    def off_ms(self):
        return self.clock.utc_ms() - self.true_ms


def _week_of(world):
    """The greatest error in ms, asking every six hours and looking every five minutes."""
    world.asks()
    worst = 0
    for _ in range(28):
        for _ in range(72):
            world.later(300)
            worst = max(worst, abs(world.off_ms()))
        assert world.asks()
    return worst


def test_a_drift_is_learned_and_makes_no_faults():
    for slow_ppm in (-40, -12, 0, 7, 25, 40):
        world = Drifting(slow_ppm)
        assert _week_of(world) <= 2500, slow_ppm  # the tolerance, and what whole seconds leave out
        assert (world.faults, world.clock.take_uncertain()) == (0, False), slow_ppm
        # Whole seconds over a week: 1 s in 604800 is less than 2 millionths.
        assert abs(world.clock.drift_ppm - slow_ppm) <= 3, (slow_ppm, world.clock.drift_ppm)


def test_a_bad_crystal_is_a_fault_once_or_twice():
    for slow_ppm in (-80, 60, 80):
        world = Drifting(slow_ppm)
        for _ in range(4):
            _week_of(world)
        assert world.faults <= 2, slow_ppm
        assert abs(world.clock.drift_ppm - slow_ppm) <= 3


def test_an_hour_is_no_drift():
    for jump_s in (3600, -3600):
        world = Drifting(20, known_ppm=20)
        world.asks()
        world.later(21600)
        world.ms += 1000 * jump_s
        assert world.asks()
        assert (world.faults, world.clock.drift_ppm) == (1, 20)
        assert world.clock.take_uncertain()


def test_a_known_drift_serves_after_a_restart():
    world = Drifting(60, known_ppm=59)
    world.asks()
    world.later(86400)
    assert abs(world.off_ms()) <= 1000, "a day without an answer"
    assert abs(Drifting(60).clock.drift_ppm) == 0


def test_whole_seconds_are_no_drift():
    world = Drifting(0)
    for number in range(40):
        world.true_ms = (T + number * 21600) * 1000 + (number * 377) % 1000
        world.ms = 5000000 + world.true_ms - T * 1000
        assert world.asks()
    assert world.clock.drift_ppm == 0


def test_no_drift_is_beyond_what_crystals_do():
    assert Drifting(0, known_ppm=100000).clock.drift_ppm == 200
    assert Drifting(0, known_ppm=-100000).clock.drift_ppm == -200


def test_what_is_said_never_goes_back_while_a_drift_is_learned():
    world, last_ms = Drifting(-70), 0
    world.asks()
    for number in range(2000):
        world.later(300)
        assert world.clock.utc_ms() >= last_ms
        last_ms = world.clock.utc_ms()
        if number % 72 == 71:
            world.asks()
