"""
Intake is the first boundary inside our walls: a bundle's bytes come in, verified
readings go out. Each reading's own signature is verified here and nowhere after.

Pure: what is already stored is asked through `Known`, the time is an argument. Nothing
is written here; the service commits what was accepted, and only then acknowledges.
"""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple, Protocol

from chain.ed25519 import verify
from wire import bundle, cbor, cose, interval, kind, message, reading
from wire.errors import WireError
from wire.reading import TIME_UNCERTAIN

from . import quick
from .refusal import Refused
from .registry import Registry

Key = tuple[bytes, int, int]  # device_id, boot, sequence
Totals = tuple[int, int, int, int]

PAST_S_MAX = 26 * 3600  # an outbox holds a day of readings
FUTURE_S_MAX = 60
ENERGY_WH_MAX = 1_000_000  # in one record; a low-voltage junction is far below
_START, _DURATION, _FLAGS = 0, 1, 16
_TOTALS = slice(6, 10)


# The part of a reading that lies in one window: (window_start_s, billed). Not billed: stored and never sealed.
Piece = tuple[int, bool]


class Accepted(NamedTuple):
    """One reading, verified and not seen before. data: the bytes as signed."""

    device_id: bytes
    boot: int
    sequence: int
    data: bytes
    records: list  # of sequences of integers, in the order of wire.reading.RECORD
    pieces: tuple[Piece, ...]


class Taken(NamedTuple):
    """What one parcel came to. `acknowledged` are the accepted and those that were stored before."""

    carrier_id: bytes
    accepted: list[Accepted]
    acknowledged: list[Key]
    evidence: list[tuple[Key, bytes]]
    refused: Counter[str]
    gaps: int  # sequences that were skipped; they may still come


class Known(Protocol):
    """What is stored already."""

    latest: dict[bytes, tuple[tuple[int, int], Totals]]  # device_id -> ((boot, sequence), totals) of its last reading

    def stored(self, key: Key) -> bytes | None:
        """The reading's bytes, or None."""

    def neighbours(self, key: Key) -> tuple[bytes | None, bytes | None]:
        """The readings stored before and after this place in the device's order."""


def accept(parcel: bytes, registry: Registry, known: Known, network_id: bytes, now_s: int) -> Taken:
    """
    What a signed Bundle, or the signed Reading of a lone meter, holds that is new.

    Raises WireError, Refused when the parcel itself is refused; a single bad reading only counts.
    """
    envelope = cose.open_envelope(parcel, bundle.SIZE_MAX)
    taken = Taken(envelope.signer_id, [], [], [], Counter(), 0)
    if envelope.kind == kind.READING:
        return _take_all([parcel], taken, registry, known, network_id, now_s)
    if envelope.kind != bundle.KIND:
        raise WireError("wrong_kind", str(envelope.kind))
    if registry.mlmd_key_of(envelope.signer_id) is None:
        raise registry.stranger(envelope.signer_id)
    registry.check(envelope, now_s, network_id, verify)
    readings = quick.readings_of(envelope.payload)
    if readings is None:
        readings = message.decode(bundle.LAYOUT, envelope.payload).readings
    return _take_all(readings, taken, registry, known, network_id, now_s)


def _take_all(
    readings: Sequence[bytes], taken: Taken, registry: Registry, known: Known, network_id: bytes, now_s: int
) -> Taken:
    network_item = cbor.encode(network_id)
    opened = []
    for data in readings:
        try:
            opened.append((*_open(data, registry, network_id, network_item), data))
        except (WireError, Refused) as error:
            taken.refused[error.name] += 1
    opened.sort(key=itemgetter(0))  # an outbox may send its oldest last: the order within a parcel means nothing
    gaps = 0
    for key, records, data in opened:
        try:
            gaps += _take(data, key, records, taken, known, now_s)
        except Refused as error:
            taken.refused[error.name] += 1
    return taken._replace(gaps=gaps)


def _open(data: bytes, registry: Registry, network_id: bytes, network_item: bytes) -> tuple[Key, list]:
    """(key, records as sequences of integers) of a signed reading, verified. Raises WireError, Refused."""
    parts = quick.cut(data)
    if parts is None:
        return _open_slowly(data, registry, network_id)
    device_id, protected_item, payload, payload_item, signature = parts
    device = registry.devices.get(device_id)
    if device is None:
        raise registry.stranger(device_id)
    if not verify(device.public_key, quick.signed_message(protected_item, network_item, payload_item), signature):
        return _open_former(data, device_id, registry, network_id)
    numbers = quick.numbers(payload)
    if numbers is None:
        numbers = message.decode(reading.LAYOUT, payload, reading.SIZE_MAX)
    boot, sequence, records = numbers
    return (device_id, boot, sequence), records


def _open_slowly(data: bytes, registry: Registry, network_id: bytes) -> tuple[Key, list]:
    envelope, opened = message.open_as(
        reading.KIND, reading.LAYOUT, data, registry.key_of, network_id, verify, reading.SIZE_MAX
    )
    return (envelope.signer_id, opened.boot, opened.sequence), opened.records


def _open_former(data: bytes, device_id: bytes, registry: Registry, network_id: bytes) -> tuple[Key, list]:
    """A reading under the key the device had before: what was measured until it changed. Raises WireError."""
    former = registry.former.get(device_id)
    if former is None:
        raise WireError("bad_signature")
    _, opened = message.open_as(
        reading.KIND, reading.LAYOUT, data, lambda _: former.public_key, network_id, verify, reading.SIZE_MAX
    )
    if end_of(opened.records) >= former.until_s:
        raise WireError("bad_signature", "the key ended before")
    return (device_id, opened.boot, opened.sequence), opened.records


def end_of(records: Sequence) -> int:
    """When a reading was signed, at the earliest."""
    return records[-1][_START] + records[-1][_DURATION]


def _take(data: bytes, key: Key, records: list, taken: Taken, known: Known, now_s: int) -> int:
    """Adds one verified reading to `taken`; how many sequences were skipped before it. Raises Refused."""
    device_id, boot, sequence = key
    last = known.latest.get(device_id)
    totals = check_energy(records)
    gap = 0
    if last is None or (boot, sequence) > last[0]:
        if last is not None:
            _require_rising(last[1], records[0][_TOTALS])
            gap = sequence - last[0][1] - 1 if boot == last[0][0] else 0
        known.latest[device_id] = ((boot, sequence), totals)
    elif (before := _place_taken(key, taken, known)) is not None:
        return _take_again(data, key, taken, before)
    else:
        _require_between(records[0][_TOTALS], totals, key, taken, known)
    taken.accepted.append(Accepted(device_id, boot, sequence, data, records, pieces_of(records, now_s)))
    taken.acknowledged.append(key)
    return gap


def _take_again(data: bytes, key: Key, taken: Taken, before: bytes) -> int:
    """A reading whose place is taken: by itself (its acknowledgement was lost), or by another."""
    if data != before:
        taken.evidence.append((key, data))
        raise Refused("contradicted")
    taken.refused["replayed"] += 1
    taken.acknowledged.append(key)
    return 0


def _require_rising(before: Totals, after: Totals) -> None:
    if after[0] < before[0] or after[1] < before[1] or after[2] < before[2] or after[3] < before[3]:
        raise Refused("totals_decreased")


def check_energy(records: list) -> Totals:
    """The totals at the end of a reading, whose records must not contradict one another. Raises Refused."""
    before, most = None, ENERGY_WH_MAX
    for record in records:
        if record[2] > most or record[3] > most or record[4] > most or record[5] > most:
            raise Refused("implausible_energy")
        totals = record[_TOTALS]
        if before is not None:
            _require_rising(before, totals)
        before = totals
    assert before is not None, "a reading has records"
    return tuple(before)


def _place_taken(key: Key, taken: Taken, known: Known) -> bytes | None:
    """The reading that stands at this place already: stored, or just before in the same parcel."""
    last = taken.accepted[-1] if taken.accepted else None
    if last is not None and key == (last.device_id, last.boot, last.sequence):
        return last.data
    return known.stored(key)


def _require_between(first: Totals, last: Totals, key: Key, taken: Taken, known: Known) -> None:
    """A late reading must fit between those around it. Raises Refused."""
    before, after = known.neighbours(key)
    if before is not None:
        _require_rising(records_of(before)[-1][_TOTALS], first)
    if taken.accepted and taken.accepted[-1].device_id == key[0]:
        _require_rising(taken.accepted[-1].records[-1][_TOTALS], first)
    if after is not None:
        _require_rising(last, records_of(after)[0][_TOTALS])


def records_of(data: bytes) -> list:
    """The records (sequences of integers) of a reading that was verified before it was stored."""
    parts = quick.cut(data)
    numbers = None if parts is None else quick.numbers(parts[2])
    if numbers is None:
        numbers = message.decode(reading.LAYOUT, cose.open_envelope(data).payload)
    return numbers[2]


def pieces_of(records: list, now_s: int) -> tuple[Piece, ...]:
    """The windows a reading has a part in, ascending. A part is billed when the time of all its records is certain."""
    billed: dict[int, bool] = {}
    for record in records:
        start_s = record[_START]
        window = start_s - start_s % interval.WINDOW_S
        certain = (
            not record[_FLAGS] & TIME_UNCERTAIN
            and now_s - PAST_S_MAX <= start_s
            and start_s + record[_DURATION] <= now_s + FUTURE_S_MAX
        )
        billed[window] = certain and billed.get(window, True)
    return tuple(sorted(billed.items()))
