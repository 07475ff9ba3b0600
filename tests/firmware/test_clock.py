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


def test_a_signed_message_from_the_future_contradicts():
    world = World()
    assert not world.clock.contradicts(T + 9999)  # not set: nothing to contradict
    world.told(T)
    for issued_s, contradicts in ((T - 900, False), (T + 2, False), (T + 3, True)):
        assert world.clock.contradicts(issued_s) == contradicts
