"""Under-frequency in stages, with hysteresis and delays."""

from load_shedding import STAGES, LoadShedding, Stage

THREE = (Stage(49_200, 500, 49_900, 60_000), Stage(49_000, 200, 49_900, 60_000), Stage(48_400, 200, 49_900, 60_000))


# Each line: frequency in mHz, for how many ms, the stage at the end.
def check(story, shedding=None, sample_ms=20):
    shedding = shedding or LoadShedding(THREE)
    for number, line in enumerate(story.strip().split("\n")):
        frequency_mhz, for_ms, stage = [int(word) for word in line.split("#")[0].split()]
        for _ in range(for_ms // sample_ms):
            shedding.step(sample_ms, frequency_mhz)
        assert shedding.stage == stage, f"line {number + 1}: {line.strip()}: stage {shedding.stage}"
    return shedding


def test_a_dip_shorter_than_the_delay_sheds_nothing():
    check("""
        50000 1000 0
        49100  480 0
        50000   20 0
        49100  480 0   # the delay began anew
        49100   20 1
    """)


def test_a_falling_frequency_sheds_stage_after_stage_and_comes_back_deepest_first():
    check("""
        50000  1000 0
        49150   500 1
        48950   180 1
        48950    20 2
        48300   200 3
        49300 100000 3   # better, and not good: nothing comes back
        49900  59980 3
        49900     20 2
        49900  60000 1
        49900  59980 1
        49890     20 1   # one bad sample: wait again
        49900  59980 1
        49900     20 0
        49900 600000 0
    """)


def test_a_steep_fall_reaches_the_deepest_stage_at_once():
    check("""
        47500   180 0
        47500    20 3
    """)


def test_a_second_dip_while_loads_come_back():
    check("""
        48300   200 3
        49950 60000 2
        48300   180 2
        48300    20 3
    """)


def test_an_unknown_frequency_holds_the_stage_and_starts_no_delay():
    check("""
        48300     180 0
        0        5000 0
        48300     180 0
        48300      20 3
        0      900000 3
        49950   59980 3
        99000      20 3
        49950   59980 3
        49950      20 2
    """)


def test_devices_come_back_one_after_another():
    back_ms = []
    for spread_ms in (0, 7_000, 19_000):
        shedding = check("48300 200 3", LoadShedding(THREE, spread_ms))
        waited_ms = 0
        while shedding.step(20, 49_950) == 3:
            waited_ms += 20
        back_ms.append(waited_ms + 20)
    assert back_ms == [60_000, 67_000, 79_000]


def test_the_default_stages_sit_inside_the_regulation():
    # Regulation (EU) 2017/2196, Annex: general shedding between 49.0 and 48.0 Hz, storage before it.
    assert [stage.begin_mhz for stage in STAGES] == [49_800, 49_200, 49_000, 48_400]
    check("49500 5000 1\n49100 500 2\n48900 200 3\n48300 200 4", LoadShedding())
