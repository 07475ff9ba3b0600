"""
The operator moves whole units from all households' accounts to their settlement keys of a closed period. The ledger
knows how many units each account gives, so it takes no more and no fewer keys; that each household got its own, the
household checks (chain/household.py): which they are must not stand here.
"""

from hashlib import sha256
from itertools import pairwise
from typing import Any

from chain.archive import is_archived, last_interval
from chain.ed25519 import is_sound
from chain.payout import due, move
from chain.rows import Number, Paid, Subject
from chain.rules.sent import Sent
from chain.state import State, u32
from chain.status import Status
from wire.energy_type import GRID
from wire.registration import USER


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    last = last_interval(new.period)
    if last >= state.interval or last < state.genesis.start_interval or is_archived(state, last):
        return Status.PAYOUT_PERIOD_OPEN
    place = u32(new.period) + bytes((new.share,))
    if new.share >= new.shares or place in state.payouts:
        return Status.PAYOUT_KNOWN
    if not _are_ascending(new.credited) or not _are_ascending(new.debited):
        return Status.PAYOUT_UNORDERED
    units = due(state, new.unit_micro, new.share, new.shares)
    wanted = sum(count for count in units.values() if count > 0), -sum(count for count in units.values() if count < 0)
    if wanted != (len(new.credited), len(new.debited)):
        return Status.PAYOUT_COUNT_WRONG
    ids = {sha256(key).digest()[:8]: key for key in (*new.credited, *new.debited)}
    if len(ids) != sum(wanted) or any(key_id in state.subjects for key_id in ids):
        return Status.SUBJECT_TAKEN
    if not all(map(is_sound, ids.values())):
        return Status.KEY_WEAK
    # APPLY
    for account, count in units.items():
        move(state, account, -count * new.unit_micro)
    for keys, money_micro in ((new.credited, new.unit_micro), (new.debited, -new.unit_micro)):
        for key in keys:
            _open(state, key, new.period, money_micro)
    state.payouts.put(place, Paid(new.unit_micro, *wanted))
    return Status.APPLIED


def _are_ascending(keys: Any) -> bool:
    return all(before < after for before, after in pairwise(keys))


def _open(state: State, key: bytes, period: int, money_micro: int) -> None:
    key_id = sha256(key).digest()[:8]
    state.subjects.put(key_id, Subject(USER, key, bytes(8), bytes(8), GRID))
    state.settlement_keys.put(key_id, Number(period))
    move(state, key_id, money_micro)
