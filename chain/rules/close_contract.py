"""A user ends one of their contracts. Its id stays taken: what was decided under it keeps its meaning."""

from chain.contracts import contract_key
from chain.contracts.agreed import end as end_version
from chain.rules.sent import Sent
from chain.state import State, u32
from chain.status import Status


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    end = sent.message
    agreement = state.contracts.get(u32(end.contract_id))
    if agreement is None:
        return Status.CONTRACT_NOT_FOUND
    if agreement.owner_id != sent.signer_id:
        return Status.CONTRACT_NOT_OWNED
    if not agreement.is_open:
        return Status.CONTRACT_CLOSED
    # APPLY
    state.contracts.put(u32(end.contract_id), agreement._replace(is_open=0))
    end_version(state, agreement)
    state.contract_of.delete(contract_key(agreement.device_id, agreement.contract_kind))
    return Status.APPLIED
