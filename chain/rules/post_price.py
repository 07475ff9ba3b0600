"""
The cloud posts the open interval's prices. The ledger works them out itself and takes no others; then, in the same
step, every open contract on a device decides what the device shall do in this interval.
"""

from chain.contracts.execute import execute
from chain.market import prices_due, signal_due
from chain.rules.sent import Sent
from chain.state import Posted, State, u32
from chain.status import Status


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    price = sent.message
    if price.interval != state.interval:
        return Status.INTERVAL_NOT_CURRENT
    if u32(price.interval) in state.prices:
        return Status.PRICE_POSTED
    prices = price.price_micro_per_kwh
    if prices != prices_due(state):
        return Status.PRICE_MISMATCH
    # APPLY
    state.prices.put(u32(price.interval), Posted(prices, signal_due(state, prices)))
    execute(state)
    return Status.APPLIED
