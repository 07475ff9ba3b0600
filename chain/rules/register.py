"""
The operator puts a key on the ledger: from now on its holder may send what its role allows. An area whose aggregator
was excluded or revoked is given to another one; it keeps its name, which is the id of its first aggregator.
"""

from hashlib import sha256
from typing import Any

from chain.ed25519 import is_sound
from chain.rules.sent import Sent
from chain.state import Seat, State, Subject, Wallet
from chain.status import Status
from wire import energy_type
from wire.registration import AGGREGATOR, CLOUD, METER, MLMD, USER

NOBODY = bytes(8)


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    if new.role not in (USER, METER, MLMD, AGGREGATOR, CLOUD):
        return Status.ROLE_UNKNOWN
    if not is_sound(new.public_key):
        return Status.KEY_WEAK
    if new.subject_id != sha256(new.public_key).digest()[:8]:
        return Status.SUBJECT_MISMATCH
    if new.subject_id in state.subjects or new.subject_id == sent.signer_id:
        return Status.SUBJECT_TAKEN
    status = _check_owner(state, new)
    if status is Status.APPLIED:
        status = _check_area(state, new)
    if status is not Status.APPLIED:
        return status
    if new.energy_type >= len(energy_type.NAMES):
        return Status.ENERGY_TYPE_UNKNOWN
    # APPLY
    subject = Subject(new.role, new.public_key, new.owner_id, new.area_id, new.energy_type)
    state.subjects.put(new.subject_id, subject)
    if new.role == AGGREGATOR and new.area_id != new.subject_id:
        state.seats.put(new.area_id, Seat(new.subject_id))
    if new.role == USER:
        state.wallets.put(new.subject_id, Wallet(0, 0, 0))
    return Status.APPLIED


def _check_owner(state: State, new: Any) -> Status:
    if new.role != METER:
        return Status.APPLIED if new.owner_id == NOBODY else Status.OWNER_NOT_ALLOWED
    owner = state.subjects.get(new.owner_id)
    return Status.APPLIED if owner is not None and owner.role == USER else Status.OWNER_NOT_REGISTERED


def _check_area(state: State, new: Any) -> Status:
    if new.role in (METER, MLMD):
        aggregator = state.subjects.get(new.area_id)
        is_area = aggregator is not None and aggregator.role == AGGREGATOR and aggregator.area_id == new.area_id
        return Status.APPLIED if is_area else Status.AREA_NOT_REGISTERED
    own_area = new.subject_id if new.role == AGGREGATOR else NOBODY
    is_allowed = new.area_id == own_area or (new.role == AGGREGATOR and _is_vacant(state, new.area_id))
    return Status.APPLIED if is_allowed else Status.AREA_NOT_ALLOWED


def _is_vacant(state: State, area_id: bytes) -> bool:
    """Whether this area has lost its aggregator."""
    first = state.subjects.get(area_id)
    if first is None or first.role != AGGREGATOR or first.area_id != area_id:
        return False
    last_id = state.seats.get(area_id, Seat(area_id)).aggregator_id
    return last_id in state.excluded or last_id in state.revoked
