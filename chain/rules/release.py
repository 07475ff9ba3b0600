"""
The money of an accepted offer goes to who delivered, as soon as the signed readings on the ledger prove it. Anybody may
ask. When no proof comes, it goes back by itself (chain/exchange.py: conclude_due).
"""

from chain.board import ACCEPTED, OPEN, Posting
from chain.exchange import conclude, is_delivered, is_over
from chain.rules.sent import Sent
from chain.state import State
from chain.status import Status


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    offer_id = sent.message.offer_id
    posting: Posting | None = state.offers.get(offer_id)
    if posting is None:
        return Status.OFFER_NOT_FOUND
    if posting.outcome not in (OPEN, ACCEPTED):
        return Status.OFFER_CLOSED
    if posting.outcome == OPEN or not is_over(state, posting):
        return Status.DELIVERY_NOT_OVER
    if not is_delivered(state, posting):
        return Status.DELIVERY_NOT_PROVEN
    # APPLY
    conclude(state, offer_id, posting)
    return Status.APPLIED
