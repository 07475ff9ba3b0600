"""IEC 60898-1:2015, Table 7 as a table, for every curve, rated currents of every class, cold and hot."""

from trip_curve import INSTANTANEOUS, OVERLOAD, RATED_HEAT, TRIP_HEAT, TripCurve

RATED_A = (6, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, 125)
SAMPLE_MS = 20
HOUR_MS = 3_600_000
NEVER = None

# 1.13, 1.45 and 2.55 In are the same for every curve; d and e are the curve's own.
# letter: (test d's current, its longest time up to 32 A and above, test e's current)
BANDS = {
    "B": (3000, 45_000, 90_000, 5000),
    "C": (5000, 15_000, 30_000, 10_000),
    "D": (10_000, 4_000, 8_000, 20_000),
}
INSTANTANEOUS_MS = 100


def conventional_ms(rated_a):
    return HOUR_MS if rated_a <= 63 else 2 * HOUR_MS


def every_breaker():
    return [(letter, rated_a) for letter in BANDS for rated_a in RATED_A]


def ma(rated_a, permille):
    """A multiple of rated current; rounded up, so that a threshold is reached."""
    return -(-rated_a * permille * 1000 // 1000)


# The time until the curve trips, or NEVER within limit_ms.
def trips_after(curve, current_ma, limit_ms, sample_ms=SAMPLE_MS):
    for at_ms in range(sample_ms, limit_ms + 1, sample_ms):
        cause = curve.step(sample_ms, current_ma)
        if cause:
            return at_ms, cause
    return NEVER, None


def cold(letter, rated_a):
    return TripCurve(letter, rated_a * 1000, 0)


def test_a_and_b_not_at_1_13_and_then_at_1_45_within_the_conventional_time():
    for letter, rated_a in every_breaker():
        curve = cold(letter, rated_a)
        limit_ms = conventional_ms(rated_a)
        assert trips_after(curve, ma(rated_a, 1130), limit_ms, 500)[0] is NEVER, (letter, rated_a)
        after_ms, cause = trips_after(curve, ma(rated_a, 1450), limit_ms, 500)
        assert after_ms is not NEVER and 5_000 < after_ms < limit_ms, (letter, rated_a, after_ms)
        assert cause == OVERLOAD


def test_a_chip_that_errs_by_one_percent_keeps_both_sides():
    for letter, rated_a in every_breaker():
        limit_ms = conventional_ms(rated_a)
        curve = cold(letter, rated_a)
        assert trips_after(curve, ma(rated_a, 1130) * 101 // 100, limit_ms, 500)[0] is NEVER
        assert trips_after(curve, ma(rated_a, 1450) * 99 // 100, limit_ms, 500)[0] is not NEVER


def test_c_at_2_55_from_cold():
    for letter, rated_a in every_breaker():
        after_ms, cause = trips_after(cold(letter, rated_a), ma(rated_a, 2550), 130_000)
        longest_ms = 60_000 if rated_a <= 32 else 120_000
        assert after_ms is not NEVER and 1_000 < after_ms < longest_ms, (letter, rated_a, after_ms)
        assert cause == OVERLOAD


def test_d_the_lower_end_of_the_instantaneous_band_takes_longer_than_100_ms():
    for letter, rated_a in every_breaker():
        permille, small_ms, large_ms, _ = BANDS[letter]
        after_ms, cause = trips_after(cold(letter, rated_a), ma(rated_a, permille), 100_000)
        longest_ms = small_ms if rated_a <= 32 else large_ms
        assert after_ms is not NEVER and INSTANTANEOUS_MS < after_ms < longest_ms, (letter, rated_a, after_ms)
        assert cause == OVERLOAD


def test_e_its_upper_end_trips_with_the_first_sample():
    for letter, rated_a in every_breaker():
        permille = BANDS[letter][3]
        after_ms, cause = trips_after(cold(letter, rated_a), ma(rated_a, permille), 1_000)
        assert (after_ms, cause) == (SAMPLE_MS, INSTANTANEOUS), (letter, rated_a)


def test_between_the_points_time_falls_as_current_rises():
    for letter, rated_a in every_breaker():
        last_ms = None
        for permille in range(1400, 25_000, 700):
            after_ms = trips_after(cold(letter, rated_a), ma(rated_a, permille), 4 * HOUR_MS, 200)[0]
            assert after_ms is not NEVER
            assert last_ms is None or after_ms <= last_ms, (letter, rated_a, permille)
            last_ms = after_ms


def test_a_multiple_in_between_follows_the_formula():
    # t = tau ln(m2 / (m2 - 1.69)); tau = 120 s up to 32 A, 240 s above.
    from math import log

    for rated_a, tau_s in ((16, 120), (63, 240)):
        for permille in (1400, 1600, 2000, 2550, 3500):
            m2 = (permille / 1000) ** 2
            exact_ms = 1000 * tau_s * log(m2 / (m2 - 1.69))
            after_ms, _ = trips_after(cold("D", rated_a), ma(rated_a, permille), HOUR_MS)
            assert after_ms is not None and abs(after_ms - exact_ms) < 40 + exact_ms // 200, (
                permille,
                after_ms,
                exact_ms,
            )


def test_a_hot_breaker_trips_earlier_and_never_at_rated_current():
    for letter, rated_a in every_breaker():
        hot = cold(letter, rated_a)
        assert trips_after(hot, rated_a * 1000, conventional_ms(rated_a), 500)[0] is NEVER
        assert abs(hot.heat - RATED_HEAT) <= 1
        after_cold_ms, _ = trips_after(cold(letter, rated_a), ma(rated_a, 2550), 130_000)
        after_hot_ms, _ = trips_after(hot, ma(rated_a, 2550), 130_000)
        assert after_hot_ms is not None and after_cold_ms is not None
        assert 3 * after_hot_ms < 2 * after_cold_ms, (letter, rated_a, after_hot_ms, after_cold_ms)


def test_it_cools_before_it_may_close_again():
    curve = cold("C", 16)
    trips_after(curve, 40_000, 100_000)
    assert curve.heat >= TRIP_HEAT and not curve.cool
    waited_ms = 0
    while not curve.cool:
        curve.step(500, 0)
        waited_ms += 500
    assert 120_000 < waited_ms < 180_000  # 1.218 tau


def test_how_often_it_is_sampled_does_not_matter():
    for sample_ms in (1, 7, 20, 50, 333, 1000, 2000):
        after_ms, _ = trips_after(cold("B", 20), 50_000, 100_000, sample_ms)
        assert after_ms is not None and abs(after_ms - 37_819) < 40 + sample_ms + 250, (sample_ms, after_ms)


def test_direction_of_the_current_does_not_matter():
    assert cold("B", 16).step(SAMPLE_MS, -90_000) == INSTANTANEOUS


def test_rest_cools_no_faster_than_many_samples():
    for rated_ma in (16_000, 63_000):
        for elapsed_ms in (1_000, 20_000, 84_000, 100_000, 300_000, 3_000_000):
            for permille in (0, 500, 850):
                sampled, rested = TripCurve("C", rated_ma, 16_000), TripCurve("C", rated_ma, 16_000)
                for _ in range(elapsed_ms // 1_000):
                    sampled.step(1_000, rated_ma * permille // 1000)
                rested.rest(elapsed_ms, rated_ma * permille // 1000)
                assert sampled.heat - 60 <= rested.heat <= 16_000
                assert rested.heat <= sampled.heat + 1_500
