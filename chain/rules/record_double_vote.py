"""A validator voted twice in one round: recorded once, and its voting power is gone. Its weight stays on record."""

from chain import ed25519
from chain.double_vote import prove
from chain.rules.sent import OPERATOR, Sent
from chain.state import Number, State
from chain.status import Status


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    shown = sent.message
    offence = prove(shown, state.genesis.network_id, ed25519.verify)
    if isinstance(offence, Status):
        return offence
    # The ledger does not know the validators of CometBFT's genesis: the operator does.
    if shown.validator_key not in state.validators and sent.signer.role != OPERATOR:
        return Status.VALIDATOR_UNKNOWN
    if offence.key in state.faults:
        return Status.EVIDENCE_KNOWN
    # APPLY
    state.faults.put(offence.key, Number(state.interval))
    if shown.validator_key not in state.excluded:
        state.excluded.put(shown.validator_key, Number(state.interval))
    return Status.APPLIED
