"""
A subject's next key counts from now on: asked for by the holder of the key until now, who shows to have the next one,
too, or by the operator for it.
"""

from typing import Any

from chain.ed25519 import is_sound, verify
from chain.keys import end, is_spent
from chain.rules.sent import OPERATOR, Sent
from chain.state import State
from chain.status import Status
from wire import kind, rotation
from wire.registration import AGGREGATOR, CLOUD


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    subject = state.subjects.get(new.subject_id)
    if subject is None:
        return Status.SUBJECT_NOT_FOUND
    if new.subject_id in state.revoked:
        return Status.SUBJECT_REVOKED
    is_operators = sent.signer.role == OPERATOR
    if not is_operators and new.subject_id != sent.signer_id:
        return Status.KEY_OF_ANOTHER
    if subject.role in (AGGREGATOR, CLOUD):
        return Status.KEY_FIXED
    if not is_sound(new.public_key):
        return Status.KEY_WEAK
    if is_spent(state, new.subject_id, new.public_key):
        return Status.KEY_SPENT
    if not _is_possessed(state, new) and not (is_operators and not new.proof):
        return Status.KEY_UNPROVED
    # APPLY
    end(state, new.subject_id, kind.ROTATION, is_operators)
    state.subjects.put(new.subject_id, subject._replace(public_key=new.public_key))
    return Status.APPLIED


def _is_possessed(state: State, new: Any) -> bool:
    said = rotation.possession(state.genesis.network_id, new.subject_id, new.public_key)
    return len(new.proof) == 64 and verify(new.public_key, said, new.proof)
