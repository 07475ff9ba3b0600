"""
An AreaBlock is what of one block concerns one area, for its light node: the header as
signed, the area's transactions with what became of each, and the decisions for its
devices. What is shown is under the header's roots (wire/merkle_part.py), so it needs no
signature of its own. That nothing of the area was left out it cannot show: docs/proofs.md.
"""

from . import topics
from .block import DECISION
from .schema import HASH, ID, U16, U32, Layout, integer, listing, octets, record

TRANSACTION = Layout("AreaTransaction", (("index", U32), ("transaction", octets(1, 512 * 1024)), ("status", U16)))
Transaction = TRANSACTION.cls

DECIDED = Layout("AreaDecision", (("index", U32), ("decision", record(DECISION))))
Decided = DECIDED.cls

LAYOUT = Layout(
    "AreaBlock",
    (
        ("header", octets(1, 512)),  # as signed
        ("transaction_count", integer(0, 4096)),  # of the block
        ("transactions", listing(record(TRANSACTION), 0, 4096)),  # ascending index
        ("beside_transactions", listing(HASH, 0, 4096)),  # under transactions_root
        ("beside_outcomes", listing(HASH, 0, 4096)),  # under outcomes_root
        ("decision_count", integer(0, 8192)),
        ("decisions", listing(record(DECIDED), 0, 8192)),  # ascending index
        ("beside_decisions", listing(HASH, 0, 8192)),  # under decisions_root
    ),
)
AreaBlock = LAYOUT.cls

SIZE_MAX = 8 << 20

# The question for those from a height on, not signed.
FETCH_LAYOUT = Layout("AreaFetch", (("area_id", ID), ("from_height", U32)))
Fetch = FETCH_LAYOUT.cls
FETCH_SIZE_MAX = 32
FETCH_TOPIC = topics.LEDGER + "area_fetch"


def topic_of(area_id):
    """Where the light node of an area gets its part of each block. area_id: 8 bytes."""
    return topics.LEDGER + "area/" + area_id.hex()
