"""
The cloud moves the ledger's time on to a later market interval: all before it are closed. It may skip some.
Offers that nobody took in time go back (chain/exchange.py); what is too old then leaves the state (chain/archive.py).
"""

from chain.archive import archive_old
from chain.exchange import conclude_due
from chain.rules.sent import Sent
from chain.state import NOW, Number, State
from chain.status import Status


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    advance = sent.message
    if advance.interval <= state.interval:
        return Status.INTERVAL_NOT_AFTER
    # APPLY
    state.time.put(NOW, Number(advance.interval))
    conclude_due(state)
    archive_old(state)
    return Status.APPLIED
