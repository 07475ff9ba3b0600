"""Another ledger's data over some days are pinned here by their Hash_G. Whoever anchors them does so once, for ever."""

from chain.ledgers import Anchored
from chain.rules.sent import Sent
from chain.state import State, u32
from chain.status import Status


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    if new.first_day > new.last_day:
        return Status.PERIOD_INVALID
    key = new.ledger_id + u32(new.first_day) + u32(new.last_day) + sent.signer_id
    if key in state.anchors:
        return Status.ANCHOR_KNOWN
    # APPLY
    state.anchors.put(key, Anchored(new.plant_count, new.hash_g, state.interval))
    return Status.APPLIED
