"""Shares of a feeder: nobody takes too much, whoever has heard what. Plain functions, for both interpreters."""

import random

from headroom import STALE_S, Claim, claim, shares
from shedding import CHARGER, HEATER, Load, decide

FEEDER_W = 10_000
LIMIT_W = 9_500


def test_what_is_needed_is_given_and_the_rest_shared_by_wishes():
    got = shares(FEEDER_W, {1: Claim(1_000, 4_000), 2: Claim(2_000, 6_000), 3: Claim(500, 500)})
    assert got == {1: 1_000 + 3_000 * 6_000 // 7_000, 2: 2_000 + 4_000 * 6_000 // 7_000, 3: 500}


def test_too_great_needs_are_cut_to_one_level():
    got = shares(FEEDER_W, {1: Claim(1_500, 9_000), 2: Claim(8_000, 9_000), 3: Claim(6_000, 9_000)})
    assert got == {1: 1_500, 2: 4_000, 3: 4_000}


def test_who_was_not_heard_counts_at_its_limit():
    assert claim(100, 6_000, STALE_S) == claim(100, 6_000, None) == Claim(6_000, 6_000)
    assert claim(100, 6_000, 1) == Claim(100, 6_000)
    assert claim(7_000, 6_000, 1) == Claim(6_000, 6_000)


def test_whoever_has_heard_what_together_they_keep_to_the_limit():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    for _ in range(2_000):
        count = random.randrange(1, 7)
        limits = [random.randrange(100, 8_000) for _ in range(count)]
        needs = [random.randrange(0, limit + 1) for limit in limits]
        taken_w = 0
        for own in range(count):
            seen = {}
            for other in range(count):
                heard = other == own or random.randrange(3)
                seen[other] = Claim(needs[other] if heard else limits[other], limits[other])
            share = shares(FEEDER_W, seen)[own]
            assert 0 <= share <= limits[own]
            taken_w += share
        assert taken_w <= LIMIT_W


BATTERY, BIG, SMALL = Load(b"c", CHARGER, 3_000), Load(b"a", HEATER, 2_500), Load(b"b", HEATER, 2_000)
LOADS = (BATTERY, BIG, SMALL)


def test_batteries_are_shed_first_and_no_more_than_needed():
    for power_w, on, expected in (
        (9_000, LOADS, {BATTERY}),
        (12_000, LOADS, {BATTERY, BIG}),
        (20_000, LOADS, set(LOADS)),
        (7_000, (BIG,), set(LOADS) - {BIG}),  # what is off stays off: there is no room for it
        (1_000, (), {BATTERY}),
    ):
        share_w = 6_500 if power_w > 7_500 else 7_500
        if power_w == 1_000:
            share_w = 6_000
        assert decide(LOADS, set(), lambda load, on=on: load in on, power_w, share_w) == expected, power_w


def test_what_was_shed_comes_back_when_there_is_room():
    kept = decide(LOADS, set(LOADS), lambda load: False, 3_000, 8_000)
    assert kept == {BATTERY}
    assert decide(LOADS, kept, lambda load: False, 1_000, 9_000) == set()
    assert decide(LOADS, set(LOADS), lambda load: False, 7_900, 8_000) == set(LOADS)
