"""
An aggregator's fault is proved: it is recorded once, the aggregator is excluded, and where its readings say something
else than it committed, or were counted twice, the books are set right and the interval is settled anew.
"""

from typing import Any

from chain import ed25519
from chain.archive import is_archived
from chain.evidence import Fault, KeysOf, Unproved, prove
from chain.keys import is_measuring, keys_of
from chain.market import NOTHING
from chain.rules.sent import Sent
from chain.state import Book, Number, State, u32, u64
from chain.status import Status
from wire.interval import interval_of
from wire.registration import AGGREGATOR, MLMD


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    try:
        fault = prove(sent.message, _keys_in(state), state.genesis.network_id, ed25519.verify)
    except Unproved as error:
        return error.status
    accused = state.subjects.get(fault.aggregator_id)
    if accused.role != AGGREGATOR:
        return Status.NO_CONTRADICTION
    if fault.key in state.faults:
        return Status.EVIDENCE_KNOWN
    # APPLY
    state.faults.put(fault.key, Number(state.interval))
    if fault.aggregator_id not in state.excluded:
        state.excluded.put(fault.aggregator_id, Number(state.interval))
    blocks = [(fault.block, fault.digest), *([fault.earlier] if fault.earlier else [])]
    if all(is_booked(state, block, digest) for block, digest in blocks):
        _correct(state, fault)
    return Status.APPLIED


def _keys_in(state: State) -> KeysOf:
    return lambda subject_id: [one.public_key for one in keys_of(state, subject_id)]


def is_booked(state: State, block: Any, digest: bytes) -> bool:
    """Whether this light block is the one on the ledger, and its interval is still in the state."""
    place = block.area_id + u64(block.window_start_s) + block.part.to_bytes(2, "big")
    committed = state.committed.get(place)
    is_here = committed is not None and committed.digest == digest
    return is_here and not is_archived(state, interval_of(block.window_start_s))


def _correct(state: State, fault: Fault) -> None:
    """What the device signed in place of what was committed. Nothing happens where both are the same."""
    change = [signed - committed for signed, committed in zip(fault.signed[3:7], fault.committed[3:7], strict=True)]
    device: Any = state.subjects.get(fault.signed.device_id)
    if not any(change) or device is None or device.area_id != fault.block.area_id:
        return
    if not is_measuring(state, fault.signed.device_id, interval_of(fault.block.window_start_s)):
        return  # nothing of it was booked
    interval = u32(interval_of(fault.block.window_start_s))
    device_id = fault.signed.device_id
    before: Book = state.books.get(interval + device_id, NOTHING)
    state.books.put(interval + device_id, Book(*(wh + more for wh, more in zip(before, change, strict=True))))
    if device.role == MLMD:
        area = interval + fault.block.area_id
        state.area_wh.put(area, Number(state.area_wh.get(area, Number(0)).number + change[0] - change[1]))
    state.unsettled.put(interval, Number(1))
