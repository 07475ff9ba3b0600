"""
A user agrees on what may be switched, set or bought for one of their meters. Under the id of a contract of theirs that
is open, of the same kind and for the same meter, it amends that contract: the versions before stay on record.
"""

from typing import Any

from chain.contracts import are_terms_sound, contract_key
from chain.contracts.agreed import begin
from chain.rules.sent import Sent
from chain.state import Agreement, Number, State, u32
from chain.status import Status
from wire import energy_type
from wire.contract import TERMS
from wire.registration import METER


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    if new.contract_id == 0:
        return Status.CONTRACT_ID_ZERO
    amended = state.contracts.get(u32(new.contract_id))
    if amended is not None and not _may_amend(amended, sent.signer_id, new):
        return Status.CONTRACT_ID_TAKEN
    if new.contract_kind not in TERMS:
        return Status.CONTRACT_KIND_UNKNOWN
    device = state.subjects.get(new.device_id)
    if device is None or device.role != METER or new.device_id in state.revoked:
        return Status.DEVICE_NOT_FOUND
    if device.owner_id != sent.signer_id:
        return Status.DEVICE_NOT_OWNED
    place = contract_key(new.device_id, new.contract_kind)
    if amended is None and place in state.contract_of:
        return Status.DEVICE_HAS_CONTRACT
    if not are_terms_sound(new.contract_kind, new.terms):
        return Status.TERMS_INVALID
    if not _are_preferences_sound(new.energy_types):
        return Status.PREFERENCES_INVALID
    # APPLY
    agreement = Agreement(sent.signer_id, new.contract_kind, new.device_id, new.terms, new.energy_types, 1)
    state.contracts.put(u32(new.contract_id), agreement)
    state.contract_of.put(place, Number(new.contract_id))
    begin(state, new.contract_id, agreement)
    return Status.APPLIED


def _may_amend(before: Agreement, signer_id: bytes, new: Any) -> bool:
    is_same = (before.contract_kind, before.device_id) == (new.contract_kind, new.device_id)
    return bool(before.is_open) and before.owner_id == signer_id and is_same


def _are_preferences_sound(energy_types: tuple[int, ...]) -> bool:
    known = all(number < len(energy_type.NAMES) for number in energy_types)
    return known and len(set(energy_types)) == len(energy_types)
