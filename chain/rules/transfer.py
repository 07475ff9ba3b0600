"""
Money goes from the signer's wallet to another; the operator's is the grid's. Nobody gives what they do not have.
Between two settlement keys it says in public that somebody moved money from one to the other: docs/privacy.md.
"""

from chain.payout import EMPTY, can_hold, forget_spent, move
from chain.rows import GRID_ID
from chain.rules.sent import OPERATOR, Sent
from chain.state import State
from chain.status import Status


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    payer_id = GRID_ID if sent.signer.role == OPERATOR else sent.signer_id
    if new.to_id == payer_id or not can_hold(state, new.to_id):
        return Status.WALLET_NOT_FOUND
    if state.wallets.get(payer_id, EMPTY).balance_micro < new.money_micro:
        return Status.BALANCE_TOO_LOW
    # APPLY
    move(state, payer_id, -new.money_micro)
    move(state, new.to_id, new.money_micro)
    forget_spent(state, payer_id)
    forget_spent(state, new.to_id)
    return Status.APPLIED
