"""The operator ends a subject: nothing it signs counts any more. What it signed before keeps its key on record."""

from chain.keys import end
from chain.rules.sent import Sent
from chain.state import Number, State
from chain.status import Status
from wire import kind
from wire.revocation import REASONS


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    ended = sent.message
    if ended.reason >= len(REASONS):
        return Status.REASON_UNKNOWN
    if ended.subject_id not in state.subjects:
        return Status.SUBJECT_NOT_FOUND
    if ended.subject_id in state.revoked:
        return Status.SUBJECT_REVOKED
    # APPLY
    end(state, ended.subject_id, kind.REVOCATION, True)
    state.revoked.put(ended.subject_id, Number(ended.reason))
    return Status.APPLIED
