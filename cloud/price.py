"""
Posting prices: the transactions that open a market interval and put its prices on the
ledger. Pure. The ledger's rule recomputes every price and takes no other, so what is sent
here is what the ledger's own query says it will be once the interval is open.
"""

from typing import Any, cast

from chain import query
from chain.state import State
from wire import ledger_time, price

from .key import Draft


class _Opened:
    """The state as it stands once `interval` is open: time is all that Advance changes."""

    def __init__(self, state: State, interval: int) -> None:
        self._state = state
        self.interval = interval

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


def prices_due(state: State, interval: int) -> tuple[int, ...]:
    """The prices of `interval` by energy type, as the ledger will recompute them. Settling does not change them."""
    return query.prices_due(cast(State, _Opened(state, interval)))


def advance(interval: int) -> Draft:
    """Opens a market interval and closes the one before."""
    return Draft(ledger_time.ADVANCE_KIND, ledger_time.ADVANCE_LAYOUT, (interval,))


def post(state: State, interval: int) -> Draft:
    return Draft(price.KIND, price.LAYOUT, (interval, prices_due(state, interval)))
