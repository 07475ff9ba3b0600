"""
An aggregator commits what its area measured in one window: the sums go into the books of the window's interval, the
Merkle root stays for whoever wants to prove a reading. A late part may come for any window, also of an interval that
is settled: the interval is then settled once more. Of an interval that left the state (chain/archive.py) a part only
moves the aggregator's chain on: it is in no book and in no wallet. So does an entry of a device that was revoked in an
interval before: what came after its end is not booked, whoever commits it.

Not checked here: the readings behind the sums. The aggregator has verified them, and whoever holds a signed reading
that contradicts its root has the evidence (chain/evidence.py).
"""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any

from chain.archive import Root, is_archived
from chain.exchange import note_reading
from chain.keys import is_measuring
from chain.rules.sent import Sent
from chain.state import Book, Digest, Head, Measured, Number, State, u32, u64
from chain.status import Status
from wire.interval import INTERVAL_S, WINDOW_S, interval_of
from wire.reading import CHIP_SILENT, TIME_UNCERTAIN
from wire.registration import METER, MLMD

WINDOWS = INTERVAL_S // WINDOW_S  # of one interval
NO_HEAD = Head(0, bytes(32))
NOTHING = Book(0, 0, 0, 0)


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    if new.area_id != sent.signer.area_id:
        return Status.WRONG_AREA
    if sent.signer_id in state.excluded:
        return Status.AGGREGATOR_EXCLUDED
    head = state.heads.get(sent.signer_id, NO_HEAD)
    if new.number <= head.number:
        return Status.NUMBER_STALE
    if new.number != head.number + 1:
        return Status.NUMBER_GAP
    if new.previous_hash != head.digest:
        return Status.PREVIOUS_HASH_MISMATCH
    if new.window_start_s % WINDOW_S:
        return Status.WINDOW_NOT_ALIGNED
    interval = interval_of(new.window_start_s)
    if interval > state.interval + state.genesis.ahead_intervals_max:
        return Status.WINDOW_AHEAD
    window = new.area_id + u64(new.window_start_s)
    parts = state.parts.get(window, Number(0)).number
    is_too_old = is_archived(state, interval)
    if new.part != parts and not is_too_old:
        return Status.PART_OUT_OF_ORDER
    status = _check_entries(state, new)
    if status is not Status.APPLIED:
        return status
    # APPLY
    digest = sha256(sent.transaction).digest()
    state.heads.put(sent.signer_id, Head(new.number, digest))
    if is_too_old:
        return Status.APPLIED
    state.parts.put(window, Number(parts + 1))
    state.roots.put(window + new.part.to_bytes(2, "big"), Root(new.merkle_root, new.reading_count))
    state.committed.put(window + new.part.to_bytes(2, "big"), Digest(digest))
    counted = [entry for entry in new.entries if is_measuring(state, entry.device_id, interval)]
    for entry in counted:
        _book(state, interval, entry)
        _remember(state, new.window_start_s, entry)
        if not entry.flags & (TIME_UNCERTAIN | CHIP_SILENT):
            note_reading(state, entry.device_id, interval, new.window_start_s // WINDOW_S % WINDOWS)
    area = u32(interval) + new.area_id
    area_wh = new.area_wh if len(counted) == len(new.entries) else _at_junctions_wh(state, counted)
    state.area_wh.put(area, Number(state.area_wh.get(area, Number(0)).number + area_wh))
    state.unsettled.put(u32(interval), Number(1))
    return Status.APPLIED


def _check_entries(state: State, new: Any) -> Status:
    devices = [entry.device_id for entry in new.entries]
    if any(before >= after for before, after in pairwise(devices)):
        return Status.ENTRIES_NOT_ASCENDING
    subjects = [state.subjects.get(device_id) for device_id in devices]
    if None in subjects:
        return Status.ENTRY_NOT_REGISTERED
    # An aggregator, a user or the cloud measures nothing.
    if any(subject.area_id != new.area_id or subject.role not in (METER, MLMD) for subject in subjects):
        return Status.ENTRY_OF_ANOTHER_AREA
    return Status.APPLIED if new.area_wh == _at_junctions_wh(state, new.entries) else Status.AREA_SUM_WRONG


def _at_junctions_wh(state: State, entries: Sequence[Any]) -> int:
    """Net import of the area, as its M-LMDs measured it."""
    return sum(
        entry.consumed_wh - entry.produced_wh for entry in entries if state.subjects.get(entry.device_id).role == MLMD
    )


def _book(state: State, interval: int, entry: Any) -> None:
    key = u32(interval) + entry.device_id
    before = state.books.get(key, NOTHING)
    state.books.put(
        key,
        Book(
            before.consumed_wh + entry.consumed_wh,
            before.produced_wh + entry.produced_wh,
            before.charged_wh + entry.charged_wh,
            before.discharged_wh + entry.discharged_wh,
        ),
    )


def _remember(state: State, window_start_s: int, entry: Any) -> None:
    """The latest window's state of the equipment is what contracts decide on; a late part does not go back."""
    known = state.measured.get(entry.device_id)
    if entry.flags & TIME_UNCERTAIN or (known is not None and known.window_start_s > window_start_s):
        return
    state.measured.put(
        entry.device_id,
        Measured(
            window_start_s,
            entry.consumed_wh,
            entry.temperature_mc,
            entry.soc_permille,
            entry.relays,
            entry.flags,
        ),
    )
