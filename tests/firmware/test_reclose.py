"""Dead times, count and lock-out."""

from reclose import Reclose, Sequence


# When it closes again, in ms from now, or None within limit_ms.
def closes_after(reclose, limit_ms=4_000_000, healthy=True, sample_ms=1000):
    for at_ms in range(sample_ms, limit_ms + 1, sample_ms):
        if reclose.step(sample_ms, healthy):
            return at_ms
    return None


def test_an_overload_is_tried_three_times_with_growing_dead_times():
    reclose = Reclose()
    for dead_ms in (60_000, 180_000, 600_000):
        reclose.trip("overload")
        assert closes_after(reclose) == dead_ms
    reclose.trip("overload")
    assert reclose.locked
    assert closes_after(reclose) is None


def test_a_short_circuit_locks_out_at_once():
    reclose = Reclose()
    reclose.trip("instantaneous")
    assert reclose.locked
    assert closes_after(reclose) is None


def test_a_short_circuit_after_an_overload_locks_out_too():
    reclose = Reclose()
    reclose.trip("overload")
    assert closes_after(reclose) == 60_000
    reclose.trip("instantaneous")
    assert reclose.locked


def test_voltage_waits_longer_each_time_and_never_locks_out():
    reclose = Reclose()
    waits = []
    for _ in range(6):
        reclose.trip("overvoltage")
        waits.append(closes_after(reclose))
    assert waits == [60_000, 300_000, 900_000, 900_000, 900_000, 900_000]
    assert not reclose.locked


def test_it_stays_open_until_the_supply_has_been_healthy_for_a_while():
    reclose = Reclose()
    reclose.trip("undervoltage")
    assert closes_after(reclose, 500_000, healthy=False) is None
    assert closes_after(reclose, 9_000) is None
    assert not reclose.step(1000, False)
    assert closes_after(reclose) == 10_000


def test_staying_closed_for_the_reclaim_time_forgives():
    reclose = Reclose()
    for _ in range(2):
        reclose.trip("overload")
        closes_after(reclose)
    assert reclose.count == 2
    assert closes_after(reclose, 1_799_000) is None
    assert reclose.count == 2
    reclose.step(1000, True)
    assert reclose.count == 0


def test_only_a_hand_ends_the_lock_out():
    reclose = Reclose()
    reclose.trip("instantaneous")
    assert closes_after(reclose, 10_000_000, sample_ms=10_000) is None
    reclose.reset()
    assert not reclose.locked and reclose.count == 0
    reclose.trip("overload")
    assert closes_after(reclose) == 60_000


def test_a_power_cut_changes_neither_count_nor_lock_out():
    for trips, locked, wait_ms in ((1, False, 60_000), (2, False, 180_000), (3, False, 600_000), (4, True, None)):
        before = Reclose()
        for number in range(trips):
            before.trip("overload")
            if number < trips - 1:
                closes_after(before)
        after = Reclose()
        after.resume("overload", before.count, before.locked)
        assert (after.count, after.locked) == (before.count, before.locked) == (min(trips, 3), locked)
        assert closes_after(after) == wait_ms


def test_other_sequences_are_a_table():
    reclose = Reclose({"instantaneous": Sequence((2_000,), True)}, settle_ms=0)
    reclose.trip("instantaneous")
    assert closes_after(reclose) == 2_000
    reclose.trip("instantaneous")
    assert reclose.locked
