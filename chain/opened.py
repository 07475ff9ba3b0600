"""
An Opened is a transaction as decoded, strictly and once: what the order of a block goes by and what a rule is applied
to. Its signature is not looked at here.
"""

from typing import Any, NamedTuple

from chain.rules import RULES, Rule
from chain.status import Status
from wire import cose, message
from wire.errors import WireError


class Opened(NamedTuple):
    """rule, envelope and content are there only when status is APPLIED: so far nothing speaks against it."""

    transaction: bytes
    status: Status
    rule: Rule | None = None
    envelope: Any = None
    content: Any = None  # the namedtuple of the kind's layout


def open_transaction(transaction: bytes) -> Opened:
    """What untrusted bytes say, or why they are none of the ledger's transactions: MALFORMED, UNKNOWN_KIND."""
    try:
        envelope = cose.open_envelope(transaction)
        rule = RULES.get(envelope.kind)
        if rule is None:
            return Opened(transaction, Status.UNKNOWN_KIND)
        if len(transaction) > rule.size_max:
            return Opened(transaction, Status.MALFORMED)
        content = message.decode(rule.layout, envelope.payload, rule.size_max)
    except WireError:
        return Opened(transaction, Status.MALFORMED)
    return Opened(transaction, Status.APPLIED, rule, envelope, content)
