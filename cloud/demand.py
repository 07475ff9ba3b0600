"""
Demand: what the full node reads from the ledger's own books before it acts. Pure. One
step of the market is everything that is due when an interval opens, for one block.
"""

from chain import query
from chain.ledgers import BUSINESS
from chain.state import State

from . import price, settlement
from .key import Draft


def market_step(state: State, interval: int) -> list[Draft]:
    """
    Advance, the settlements that are due, and the prices of `interval`, in the order in which a block applies them.

    Nothing that was done before is repeated: after a crash between two blocks the rest remains.
    """
    if interval < state.interval:
        return []
    drafts = []
    if interval > state.interval:
        drafts.append(price.advance(interval))
    if state.genesis.ledger_kind != BUSINESS:  # a consortium's has neither readings nor prices
        return drafts
    drafts += [settlement.settle(number) for number in settlement.due(state, interval)]
    if query.posted(state, interval) is None:
        drafts.append(price.post(state, interval))
    return drafts


def supply_and_demand(state: State) -> query.SupplyAndDemand | None:
    """Of the latest closed interval with readings: what the present prices go by. None without any."""
    interval = query.latest_interval(state)
    return None if interval is None else query.supply_and_demand(state, interval)
