"""
The cloud has a closed interval booked into the wallets. The whole interval is settled anew from its books, whatever
was booked before is taken back in the same step: a late reading changes the outcome to what it would have been.
"""

from collections import defaultdict
from collections.abc import Iterable

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
    before = state.settled.get(key, Settled(())).flows
    flows = settle(state, settlement.interval)
    _book(state, before, flows)
    book_lots(state, settlement.interval, flows)
    book_losses(state, settlement.interval)
    state.settled.put(key, Settled(tuple(sorted(flows))))
    state.unsettled.delete(key)
    return Status.APPLIED


def _book(state: State, before: Iterable[Flow], flows: Iterable[Flow]) -> None:
    """Take back what was booked before and book what is now: each wallet is written once."""
    sums: dict[bytes, list[int]] = defaultdict(lambda: [0, 0, 0])  # by wallet: balance, bought, sold
    wallets: dict[bytes, bytes] = {}  # by meter
    for sign, some in ((-1, before), (1, flows)):
        for flow in some:
            for meter_id in flow[:2]:
                if meter_id not in wallets:
                    wallets[meter_id] = wallet_of(state, meter_id)
            _add(sums, wallets[flow.producer_id], wallets[flow.consumer_id], flow, sign)
    for wallet_id, (balance, bought, sold) in sums.items():
        if balance or bought or sold:
            held = state.wallets.get(wallet_id, EMPTY)
            after = Wallet(held.balance_micro + balance, held.bought_wh + bought, held.sold_wh + sold)
            state.wallets.put(wallet_id, after)


def _add(sums: dict[bytes, list[int]], seller: bytes, buyer: bytes, flow: Flow, sign: int) -> None:
    """What one wallet gives is what the other gets; between the meters of one owner nothing is paid."""
    if seller != buyer:
        gives, gets = sums[seller], sums[buyer]
        gives[0] += sign * flow.money_micro
        gives[2] += sign * flow.energy_wh
        gets[0] -= sign * flow.money_micro
        gets[1] += sign * flow.energy_wh


def wallet_of(state: State, meter_id: bytes) -> bytes:
    """Whose wallet a flow's end belongs to: the meter's owner, or the grid."""
    return GRID_ID if meter_id == GRID_ID else state.subjects.get(meter_id).owner_id
