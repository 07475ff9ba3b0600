"""
Losses are an account with a name: what the M-LMDs of an area measured at its junctions and its meters did not. Lines
take some (positive); meters that round, or a reading that has not come yet, may make it negative for a while.
"""

from collections import defaultdict

from chain.market import NOTHING
from chain.state import Number, State, u32
from wire.registration import METER, MLMD

ZERO = Number(0)


def loss_wh(state: State, interval: int) -> dict[bytes, int]:
    """Of every area that has an M-LMD, by area id."""
    areas = set()
    metered_wh: dict[bytes, int] = defaultdict(int)
    for device_id, subject in state.subjects.rows():
        if subject.role == MLMD:
            areas.add(subject.area_id)
        elif subject.role == METER:
            book = state.books.get(u32(interval) + device_id, NOTHING)
            metered_wh[subject.area_id] += book.consumed_wh + book.charged_wh - book.produced_wh - book.discharged_wh
    measured = {area_id: state.area_wh.get(u32(interval) + area_id, ZERO).number for area_id in sorted(areas)}
    return {area_id: net_wh - metered_wh[area_id] for area_id, net_wh in measured.items()}


def book_losses(state: State, interval: int) -> None:
    for area_id, energy_wh in loss_wh(state, interval).items():
        before = state.losses.get(u32(interval) + area_id, ZERO).number
        if energy_wh != before:
            state.losses.put(u32(interval) + area_id, Number(energy_wh))
            account = state.loss_accounts.get(area_id, ZERO).number
            state.loss_accounts.put(area_id, Number(account + energy_wh - before))
