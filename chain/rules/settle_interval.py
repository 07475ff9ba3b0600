"""
The cloud has a closed interval booked into the wallets. The whole interval is settled anew from its books, whatever
was booked before is taken back in the same step: a late reading changes the outcome to what it would have been.
"""

from chain.losses import book_losses
from chain.provenance import book_lots
from chain.rules.sent import Sent
from chain.settlement import settle
from chain.state import GRID_ID, Flow, Settled, State, Wallet, u32
from chain.status import Status

EMPTY = Wallet(0, 0, 0)


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    settlement = sent.message
    if settlement.interval >= state.interval:
        return Status.INTERVAL_NOT_CLOSED
    key = u32(settlement.interval)
    if key not in state.unsettled:
        return Status.NOTHING_TO_SETTLE
    # APPLY
    for flow in state.settled.get(key, Settled(())).flows:
        _move(state, flow, -1)
    flows = settle(state, settlement.interval)
    for flow in flows:
        _move(state, flow, 1)
    book_lots(state, settlement.interval, flows)
    book_losses(state, settlement.interval)
    state.settled.put(key, Settled(flows))
    state.unsettled.delete(key)
    return Status.APPLIED


def _move(state: State, flow: Flow, sign: int) -> None:
    """Book one flow (sign 1), or take it back (sign -1): what one wallet gives is what the other gets."""
    seller, buyer = wallet_of(state, flow.producer_id), wallet_of(state, flow.consumer_id)
    if seller == buyer:
        return
    money, energy = sign * flow.money_micro, sign * flow.energy_wh
    gives, gets = state.wallets.get(seller, EMPTY), state.wallets.get(buyer, EMPTY)
    state.wallets.put(seller, Wallet(gives.balance_micro + money, gives.bought_wh, gives.sold_wh + energy))
    state.wallets.put(buyer, Wallet(gets.balance_micro - money, gets.bought_wh + energy, gets.sold_wh))


def wallet_of(state: State, meter_id: bytes) -> bytes:
    """Whose wallet a flow's end belongs to: the meter's owner, or the grid."""
    return GRID_ID if meter_id == GRID_ID else state.subjects.get(meter_id).owner_id
