"""Intake as stories: what one parcel comes to, refusal by refusal."""

from collections import Counter

import pytest

from aggregator.intake import FUTURE_S_MAX, PAST_S_MAX, accept
from aggregator.store import Store
from tests.aggregator.area import NETWORK, NOW, bundle_of, ident, reading_of, record, registry, sign
from wire import bundle, cbor, kind, load, message, reading
from wire.errors import WireError
from wire.interval import WINDOW_S


class Desk:
    """An intake with its store."""

    def __init__(self, tmp_path, *names: str) -> None:
        self.store = Store(tmp_path / "store.sqlite")
        self.registry = registry(*names)

    def take(self, parcel: bytes, now_s: int = NOW):
        with self.store.transaction():
            taken = accept(parcel, self.registry, self.store.readings, NETWORK, now_s)
            self.store.readings.add(taken, now_s * 1000)
        return taken

    def refused(self, *readings: bytes, now_s: int = NOW) -> Counter[str]:
        return self.take(bundle_of("mlmd-1", *readings), now_s).refused


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_a_bundle_of_good_readings_is_taken_whole(desk):
    readings = [reading_of("meter-1", 1, 1), reading_of("meter-2", 1, 1), reading_of("mlmd-1", 1, 1)]
    taken = desk.take(bundle_of("mlmd-1", *readings))
    assert taken.carrier_id == ident("mlmd-1")
    assert sorted(accepted.data for accepted in taken.accepted) == sorted(readings)
    assert all(accepted.pieces == ((NOW - WINDOW_S, True),) for accepted in taken.accepted)
    assert not taken.refused
    assert desk.store.readings.stored((ident("meter-1"), 1, 1)) == readings[0]


def test_a_lone_meter_sends_its_reading_itself(desk):
    taken = desk.take(reading_of("meter-1", 1, 1))
    assert taken.carrier_id == ident("meter-1")
    assert taken.acknowledged == [(ident("meter-1"), 1, 1)]


FAULTY_PARCELS = {
    "unknown_signer": bundle_of("mlmd-9", reading_of("meter-1", 1, 1)),
    "unknown_signer of a meter that bundles": bundle_of("meter-1", reading_of("meter-1", 1, 1)),
    "bad_signature": bundle_of("mlmd-1", reading_of("meter-1", 1, 1))[:-1] + b"\x00",
    "bad_signature of another network": bundle_of("mlmd-1", reading_of("meter-1", 1, 1), network=b"othernet"),
    "wrong_kind": sign("mlmd-1", load.KIND, load.LAYOUT, (1, 1, NOW, 0, 0, 0, 0)),
    "not_sign1": b"\x00",
    "truncated": bundle_of("mlmd-1", reading_of("meter-1", 1, 1))[:-1],
    "too_large": bytes(bundle.SIZE_MAX + 1),
}


@pytest.mark.parametrize("name", FAULTY_PARCELS)
def test_a_faulty_parcel_is_refused_by_name(desk, name):
    with pytest.raises(WireError) as refused:
        desk.take(FAULTY_PARCELS[name])
    assert refused.value.name == name.split()[0]


def swapped_kid() -> bytes:
    """meter-1's reading under meter-2's name."""
    return reading_of("meter-1", 1, 1).replace(ident("meter-1"), ident("meter-2"))


FAULTY_READINGS = {
    "bad_signature": reading_of("meter-1", 1, 1)[:-1] + b"\x00",
    "bad_signature of a swapped kid": swapped_kid(),
    "bad_signature of another network": reading_of("meter-1", 1, 1, network=b"othernet"),
    "unknown_signer": reading_of("meter-9", 1, 1),
    "wrong_kind": sign("meter-1", kind.LOAD, reading.LAYOUT, (1, 1, (record(),))),
    "implausible_energy": reading_of("meter-1", 1, 1, record(consumed_wh=1_000_001)),
    "totals_decreased": reading_of(
        "meter-1", 1, 1, record(consumed_total_wh=10), record(NOW, duration_s=1, consumed_total_wh=9)
    ),
    "trailing_bytes": reading_of("meter-1", 1, 1) + b"\x00",
    "not_canonical": reading_of("meter-1", 1, 1).replace(b"\xd2", b"\xd8\x12", 1),
}


@pytest.mark.parametrize("name", FAULTY_READINGS)
def test_one_bad_reading_does_not_stop_the_others(desk, name):
    good = reading_of("meter-2", 1, 1)
    taken = desk.take(bundle_of("mlmd-1", FAULTY_READINGS[name], good))
    assert taken.refused == {name.split()[0]: 1}
    assert [accepted.data for accepted in taken.accepted] == [good]
    assert taken.acknowledged == [(ident("meter-2"), 1, 1)]


def test_signed_rubbish_is_refused_by_the_name_of_its_fault(desk):
    for payload, name in (
        (cbor.encode([1, 2]), "wrong_length"),
        (cbor.encode([1, 2, []]), "wrong_length"),
        (cbor.encode([1, -1, [list(record())]]), "out_of_range"),
        (cbor.encode([1, 1, [[*record()[:16], 65536]]]), "out_of_range"),
        (cbor.encode([1, 1, [[*record()[:16], b""]]]), "wrong_type"),
        (b"\x9f\xff", "indefinite_length"),
    ):
        assert desk.refused(sealed(payload)) == {name: 1}, payload.hex()


def sealed(payload: bytes) -> bytes:
    from tests.aggregator.area import signer
    from wire import cose

    key = signer("meter-1")
    return cose.seal(kind.READING, key.identity, payload, NETWORK, key.sign)


def test_a_replay_is_refused_but_acknowledged_again(desk):
    parcel = bundle_of("mlmd-1", reading_of("meter-1", 1, 1))
    assert desk.take(parcel).acknowledged == [(ident("meter-1"), 1, 1)]
    again = desk.take(parcel)
    assert (again.accepted, again.refused) == ([], {"replayed": 1})
    assert again.acknowledged == [(ident("meter-1"), 1, 1)]


def test_a_reading_twice_in_one_parcel_is_taken_once(desk):
    one, other = reading_of("meter-1", 1, 1), reading_of("meter-1", 1, 1, record(power_w=7))
    taken = desk.take(bundle_of("mlmd-1", one, one))
    assert ([accepted.data for accepted in taken.accepted], taken.refused) == ([one], {"replayed": 1})
    one, other = reading_of("meter-2", 1, 1), reading_of("meter-2", 1, 1, record(power_w=7))
    taken = desk.take(bundle_of("mlmd-1", one, other))
    assert (len(taken.accepted), taken.refused) == (1, {"contradicted": 1})


def test_other_bytes_under_a_stored_sequence_are_kept_as_evidence(desk):
    desk.take(bundle_of("mlmd-1", reading_of("meter-1", 1, 1)))
    lie = reading_of("meter-1", 1, 1, record(consumed_wh=1))
    taken = desk.take(bundle_of("mlmd-1", lie))
    assert taken.refused == {"contradicted": 1}
    assert taken.acknowledged == []
    assert taken.evidence == [((ident("meter-1"), 1, 1), lie)]
    assert desk.store.db.execute("SELECT data FROM evidence").fetchall() == [(lie,)]


def at(sequence: int, boot: int = 1, total_wh: int | None = None) -> bytes:
    """The sequence-th reading of meter-1, 10 Wh a reading."""
    total_wh = 10 * sequence if total_wh is None else total_wh
    return reading_of("meter-1", boot, sequence, record(consumed_wh=10, consumed_total_wh=total_wh))


def test_sequences_that_were_skipped_are_flagged_and_may_still_come(desk):
    gaps = [desk.take(bundle_of("mlmd-1", at(sequence))).gaps for sequence in (1, 2, 5, 6, 9)]
    assert gaps == [0, 0, 2, 0, 2]
    late = desk.take(bundle_of("mlmd-1", at(3), at(8), at(4)))
    assert [accepted.sequence for accepted in late.accepted] == [3, 4, 8]
    assert (late.refused, late.gaps) == ({}, 0)


def test_the_order_inside_a_parcel_means_nothing(desk):
    taken = desk.take(bundle_of("mlmd-1", at(3), at(1), at(2)))
    assert [accepted.sequence for accepted in taken.accepted] == [1, 2, 3]
    assert not taken.refused


@pytest.mark.parametrize(
    ("reading_", "refused"),
    [
        (at(11, total_wh=99), "totals_decreased"),  # below the last
        (at(5, total_wh=19), "totals_decreased"),  # late, below the one before it
        (at(5, total_wh=101), "totals_decreased"),  # late, above the one after it
        (at(1, boot=2, total_wh=99), "totals_decreased"),  # a new boot does not reset a total
        (at(5, total_wh=50), None),
        (at(11, total_wh=100), None),  # nothing was used
        (at(1, boot=2, total_wh=100), None),
    ],
)
def test_totals_only_rise(desk, reading_, refused):
    assert not desk.refused(at(1), at(2), at(10))
    assert desk.refused(reading_) == ({refused: 1} if refused else {})


def test_late_readings_of_one_parcel_are_checked_against_one_another(desk):
    assert not desk.refused(at(1), at(10))
    assert desk.refused(at(4, total_wh=60), at(5, total_wh=50)) == {"totals_decreased": 1}


@pytest.mark.parametrize(
    ("start_s", "duration_s", "flags", "billed"),
    [
        (NOW - WINDOW_S, WINDOW_S, 0, True),
        (NOW - PAST_S_MAX, 900, 0, True),
        (NOW - PAST_S_MAX - 1, 900, 0, False),
        (NOW, FUTURE_S_MAX, 0, True),
        (NOW, FUTURE_S_MAX + 1, 0, False),
        (NOW - WINDOW_S, WINDOW_S, reading.TIME_UNCERTAIN, False),
        (NOW - WINDOW_S, WINDOW_S, reading.AFTER_BOOT | reading.CHIP_SILENT, True),
    ],
)
def test_a_reading_of_uncertain_time_is_stored_and_not_billed(desk, start_s, duration_s, flags, billed):
    one = reading_of("meter-1", 1, 1, record(start_s, duration_s=duration_s, flags=flags))
    taken = desk.take(bundle_of("mlmd-1", one))
    assert taken.accepted[0].pieces == ((start_s - start_s % WINDOW_S, billed),)
    assert taken.acknowledged
    windows = list(desk.store.readings.unsealed(NOW * 1000 + 1))
    assert bool(windows) is billed


def test_a_reading_over_several_windows_has_a_piece_in_each(desk):
    starts = [NOW - 4 * 900 + 450 * number for number in range(8)]
    flags = [reading.TIME_UNCERTAIN if number == 7 else 0 for number in range(8)]
    records = [
        record(start_s, duration_s=450, consumed_total_wh=number, flags=flag)
        for number, (start_s, flag) in enumerate(zip(starts, flags, strict=True))
    ]
    taken = desk.take(bundle_of("mlmd-1", reading_of("meter-1", 1, 1, *records)))
    windows = [NOW - 4 * 900 + 900 * number for number in range(4)]
    assert taken.accepted[0].pieces == tuple(zip(windows, (True, True, True, False), strict=True))
    unsealed = list(desk.store.readings.unsealed(NOW * 1000 + 1))
    assert [window.window_start_s for window in unsealed] == windows[:3]
    assert {leaf.data for window in unsealed for leaf in window.leaves} == {taken.accepted[0].data}


def test_what_was_last_is_known_again_after_a_restart(desk, tmp_path):
    assert not desk.refused(at(1), at(2), at(10))
    desk.store.close()
    again = Desk(tmp_path)
    assert again.refused(at(11, total_wh=99)) == {"totals_decreased": 1}
    assert again.refused(at(10)) == {"replayed": 1}
    assert not again.refused(at(11))


def test_decoded_values_are_those_that_were_signed(desk):
    content = reading.Reading(3, 5, (record(), record(NOW, duration_s=1)))
    taken = desk.take(sign("meter-1", reading.KIND, reading.LAYOUT, content))
    assert [reading.Record(*row) for row in taken.accepted[0].records] == list(content.records)
    assert message.decode(reading.LAYOUT, message.encode(reading.LAYOUT, content)) == content
