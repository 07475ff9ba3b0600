"""Stories of one breaker: what it carried, what its supply did, who turned its switch."""

from load_shedding import LoadShedding
from protection import CAUSES, Protection, standard
from trip_curve import TripCurve

SAMPLE_MS = 20


class Breaker:
    """A breaker on the bench: time is moved by hand, an open contact carries nothing."""

    def __init__(self, protection, now_ms=0):
        self.protection = protection
        self.now_ms = now_ms
        self.sample(0, 230_000, 50_000)

    def sample(self, load_ma, voltage_mv, frequency_mhz):
        current_ma = load_ma if self.protection.closed else 0
        return self.protection.sample(self.now_ms, current_ma, voltage_mv, frequency_mhz)

    # How long until the contact changes, or None.
    def run(self, for_ms, load_ma=5_000, voltage_mv=230_000, frequency_mhz=50_000, sample_ms=SAMPLE_MS):
        before = self.protection.closed
        for at_ms in range(sample_ms, for_ms + 1, sample_ms):
            self.now_ms = (self.now_ms + sample_ms) & 0x3FFFFFFF
            if self.sample(load_ma, voltage_mv, frequency_mhz) != before:
                return at_ms
        return None


def a_breaker(letter="C", rated_ma=16_000, now_ms=0, **more):
    return Breaker(Protection(TripCurve(letter, rated_ma, 0), **more), now_ms)


def test_a_short_circuit_opens_with_the_sample_that_shows_it():
    breaker = a_breaker()
    assert breaker.run(1_000) is None
    assert breaker.run(1_000, load_ma=400_000) == SAMPLE_MS
    assert breaker.protection.cause == "instantaneous" and breaker.protection.locked


def test_an_overload_opens_recloses_three_times_and_locks_out():
    breaker = a_breaker()
    waits = []
    for _ in range(4):
        assert breaker.run(100_000, load_ma=40_800)
        assert breaker.protection.cause == "overload"
        waits.append(breaker.run(4_000_000, load_ma=40_800, sample_ms=1000))
    # The first wait is the bimetal's, and the supply's ten seconds after it.
    assert waits[0] is not None and 60_000 < waits[0] < 200_000
    assert waits[1:] == [180_000, 600_000, None]
    assert breaker.protection.locked


def test_voltage_trips_after_its_delay_and_comes_back_by_itself():
    # EN 50550, longest and shortest times, and EN 50549-1 for undervoltage.
    table = (
        (255_000, None, None),
        (275_000, 3_000, 15_000),
        (300_000, 1_000, 5_000),
        (350_000, 250, 750),
        (400_000, 70, 200),
        (207_000, None, None),
        (183_000, 3_000, 3_200),
        (100_000, 300, 400),
    )
    for voltage_mv, shortest_ms, longest_ms in table:
        breaker = a_breaker()
        after_ms = breaker.run(30_000, voltage_mv=voltage_mv)
        if longest_ms is None:
            assert after_ms is None, voltage_mv
            continue
        assert after_ms is not None and shortest_ms <= after_ms <= longest_ms, (voltage_mv, after_ms)
        assert breaker.protection.cause == ("overvoltage" if voltage_mv > 230_000 else "undervoltage")
        assert breaker.run(600_000, voltage_mv=voltage_mv, sample_ms=1000) is None, "closed onto a sick supply"
        assert breaker.run(600_000, sample_ms=1000) == 10_000


def test_a_dip_shorter_than_the_delay_opens_nothing():
    breaker = a_breaker()
    for _ in range(100):
        assert breaker.run(2_980, voltage_mv=180_000) is None
        assert breaker.run(20) is None


def test_the_deepest_stage_of_load_shedding_opens_it_and_its_end_closes_it():
    breaker = a_breaker(open_at_stage=4)
    assert breaker.run(10_000, frequency_mhz=48_900) is None
    assert breaker.protection.shedding.stage == 3
    assert breaker.run(10_000, frequency_mhz=48_300) == 200
    assert breaker.protection.cause == "underfrequency"
    assert breaker.run(1_000_000, frequency_mhz=49_500, sample_ms=1000) is None
    assert breaker.run(1_000_000, sample_ms=1000) == 300_000


def test_without_a_stage_of_its_own_frequency_never_opens_it():
    assert a_breaker().run(100_000, frequency_mhz=47_000) is None


def test_a_dead_supply_says_nothing_about_frequency():
    breaker = a_breaker(open_at_stage=4)
    breaker.run(200, voltage_mv=20_000, frequency_mhz=45_000)
    assert breaker.protection.shedding.stage == 0


def test_commands_open_and_close_and_stand_below_everything():
    breaker = a_breaker(shedding=LoadShedding(), open_at_stage=4)
    protection = breaker.protection
    assert protection.command(False) == "" and not protection.closed
    assert protection.cause == "command"
    assert protection.command(True) == "" and protection.closed
    for cause, samples in (
        ("overvoltage", {"voltage_mv": 400_000}),
        ("undervoltage", {"voltage_mv": 50_000}),
        ("underfrequency", {"frequency_mhz": 47_000}),
        ("overload", {"load_ma": 50_000}),
        ("instantaneous", {"load_ma": 500_000}),
    ):
        breaker = a_breaker(open_at_stage=4)
        assert breaker.run(60_000, **samples)
        assert breaker.protection.cause == cause
        assert breaker.protection.command(True) == cause
        assert not breaker.protection.closed


def test_a_command_to_open_given_while_tripped_outlives_the_trip():
    breaker = a_breaker()
    breaker.run(10_000, voltage_mv=400_000)
    assert breaker.protection.command(False) == ""
    assert breaker.run(1_000_000, sample_ms=1000) is None
    assert breaker.protection.cause == "command"
    assert breaker.protection.command(True) == "" and breaker.protection.closed


def test_no_command_overrides_the_manual_lock_out():
    breaker = a_breaker()
    protection = breaker.protection
    protection.switch(True)
    assert not protection.closed and protection.locked and protection.cause == "manual"
    for _ in range(100):
        assert protection.command(True) == "manual"
        assert protection.command(False) == ""
        assert breaker.run(1_000) is None
    protection.switch(False)
    assert protection.cause == "command"
    assert protection.command(True) == "" and protection.closed


def test_only_the_switch_ends_a_lock_out_after_a_short_circuit():
    breaker = a_breaker()
    breaker.run(1_000, load_ma=500_000)
    assert breaker.protection.command(True) == "instantaneous"
    assert breaker.run(10_000_000, sample_ms=2000) is None
    breaker.protection.switch(True)
    assert not breaker.protection.closed
    breaker.protection.switch(False)
    assert breaker.protection.closed and not breaker.protection.locked


def test_a_switch_that_was_not_turned_forgives_nothing():
    breaker = a_breaker()
    breaker.run(1_000, load_ma=500_000)
    for _ in range(10):  # its position is told again and again
        breaker.protection.switch(False)
    assert breaker.protection.cause == "instantaneous" and breaker.protection.locked


def test_turning_the_switch_does_not_cool_the_bimetal():
    breaker = a_breaker()
    breaker.run(100_000, load_ma=40_800)
    breaker.protection.switch(True)
    breaker.protection.switch(False)
    assert breaker.protection.closed
    assert breaker.run(1_000, load_ma=40_800) == SAMPLE_MS


def test_a_power_cut_forgets_neither_lock_out_nor_command_nor_trip():
    breaker = a_breaker()
    breaker.run(1_000, load_ma=500_000)
    again = Breaker(standard("C", 16_000, breaker.protection.snapshot()))
    assert again.protection.cause == "instantaneous" and again.protection.locked
    assert again.run(4_000_000, sample_ms=1000) is None

    breaker = a_breaker()
    breaker.protection.command(False)
    assert standard("C", 16_000, breaker.protection.snapshot()).cause == "command"

    breaker = a_breaker()
    breaker.run(1_000, voltage_mv=400_000)
    again = Breaker(standard("C", 16_000, breaker.protection.snapshot()))
    assert again.protection.cause == "overvoltage"
    assert again.run(4_000_000, sample_ms=1000) is not None


def test_after_a_boot_it_takes_the_bimetal_for_warm():
    cold_ms = a_breaker().run(100_000, load_ma=40_800)
    warm_ms = Breaker(standard("C", 16_000)).run(100_000, load_ma=40_800)
    assert warm_ms is not None and cold_ms is not None and 1_000 < warm_ms < cold_ms * 2 // 3


def test_a_contact_that_welded_is_known_for_failed():
    protection = a_breaker().protection
    protection.command(False)
    now_ms = 0
    for _ in range(10):
        assert not protection.failed
        now_ms += SAMPLE_MS
        protection.sample(now_ms, 3_000, 230_000, 50_000)
    assert protection.failed
    protection.sample(now_ms + SAMPLE_MS, 0, 230_000, 50_000)
    assert not protection.failed


def test_ticks_wrap_and_silence_does_not_count_as_current():
    breaker = a_breaker(now_ms=0x3FFFFFFF - 5_000)
    assert breaker.run(100_000, voltage_mv=270_000) == 8_000
    breaker = a_breaker()
    breaker.now_ms += 3_600_000  # an hour without a sample, then one
    breaker.sample(40_800, 150_000, 50_000)
    assert breaker.protection.closed


def test_a_sample_in_peace_allocates_nothing_on_a_device():
    import gc

    if not hasattr(gc, "mem_alloc"):
        return  # CPython
    protection = a_breaker(open_at_stage=4).protection
    now_ms = 0
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(500):
        now_ms += SAMPLE_MS
        protection.sample(now_ms, 15_000, 230_000, 50_000)
    assert gc.mem_alloc() - before < 500


def test_every_cause_has_a_code():
    assert CAUSES[0] == "" and len(set(CAUSES)) == len(CAUSES)
