"""
The cloud moves the ledger's time on to a later market interval: all before it are closed. It may skip some.
What is too old then leaves the state (chain/archive.py).
"""

from chain.archive import archive_old
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
    archive_old(state)
    return Status.APPLIED
