"""
Settling: which intervals are to be booked into the wallets. Pure. An interval that was
settled before is settled anew when a late reading changed it.
"""

from chain.state import State
from wire import ledger_time

from .key import Draft

SETTLEMENTS_MAX = 256  # in one block; after a long outage the rest waits for the next interval


def due(state: State, interval: int) -> list[int]:
    """The intervals that are closed once `interval` is open and are not (or no longer fully) in the wallets."""
    numbers = [int.from_bytes(key, "big") for key, _ in state.unsettled.items()]
    return [number for number in numbers if number < interval][:SETTLEMENTS_MAX]


def settle(interval: int) -> Draft:
    return Draft(ledger_time.SETTLEMENT_KIND, ledger_time.SETTLEMENT_LAYOUT, (interval,))
