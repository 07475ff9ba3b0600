"""
A device's own signed answer to a command goes on record: beside the decision it carries out, or, for edge control
(decision 0), on its own. What it did is recorded as it says, also when that is not what was decided.
"""

from typing import Any

from chain.archive import is_archived
from chain.rules.sent import Sent
from chain.state import Number, Recorded, State, u32, u64
from chain.status import Status
from wire.interval import interval_of
from wire.receipt import OBEYED, REASONS, REFUSED


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    receipt = sent.message
    if receipt.outcome not in (OBEYED, REFUSED):
        return Status.OUTCOME_UNKNOWN
    if receipt.reason >= len(REASONS):
        return Status.REASON_UNKNOWN
    if is_archived(state, interval_of(receipt.acted_s)):
        return Status.RECEIPT_TOO_OLD
    key = sent.signer_id + u32(receipt.command_sequence)
    if key in state.receipts:
        return Status.RECEIPT_KNOWN
    if receipt.decision_id:
        decision = state.decisions.get(u64(receipt.decision_id))
        if decision is None:
            return Status.DECISION_NOT_FOUND
        if decision.device_id != sent.signer_id:
            return Status.DECISION_OF_ANOTHER_DEVICE
    # APPLY
    state.receipts.put(key, Recorded(*receipt, state.interval))
    if receipt.decision_id and _is_better_answer(state, sent.signer_id, receipt):
        state.answers.put(u64(receipt.decision_id), Number(receipt.command_sequence))
    return Status.APPLIED


def _is_better_answer(state: State, device_id: bytes, receipt: Any) -> bool:
    """A decision may be sent twice, as two commands: the first obeyed one answers it, before any refused one."""
    answer = state.answers.get(u64(receipt.decision_id))
    if answer is None:
        return True
    before = state.receipts.get(device_id + u32(answer.number))
    return before.outcome == REFUSED and receipt.outcome == OBEYED
