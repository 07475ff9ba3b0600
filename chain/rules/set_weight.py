"""The operator says how much a validator counts. Once power is shared among enough organisations it stays so."""

from chain.ed25519 import is_sound
from chain.rules.sent import Sent
from chain.state import State
from chain.status import Status
from chain.weights import VALIDATORS_MAX, Validator, is_shared


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    if not is_sound(new.validator_key):
        return Status.KEY_WEAK
    before = dict(state.validators.items())
    after = before | {new.validator_key: Validator(new.organisation_id, new.weight)}
    if len(after) > VALIDATORS_MAX:
        return Status.VALIDATORS_TOO_MANY
    if is_shared(before) and not is_shared(after):
        return Status.ORGANISATIONS_TOO_FEW
    if new.weight and new.validator_key in state.excluded:
        return Status.VALIDATOR_EXCLUDED
    # APPLY
    if new.weight:
        state.validators.put(new.validator_key, after[new.validator_key])
    elif new.validator_key in before:
        state.validators.delete(new.validator_key)
    return Status.APPLIED
