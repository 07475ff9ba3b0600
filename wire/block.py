"""
A Block is what the full node publishes of each height: the transactions as signed,
what became of each, what contracts decided, and the app hash after it. Aggregators
follow blocks as light nodes and dispatch the decisions of their own area.
"""

from .kind import BLOCK as KIND  # noqa: F401
from .schema import HASH, I32, ID, U8, U16, U32, U62, Layout, listing, octets, record

DECISION = Layout(
    "Decision",
    (
        ("decision_id", U62),
        ("contract_id", U32),
        ("device_id", ID),
        ("area_id", ID),
        ("interval", U32),  # in force from its start to its end
        ("action", U8),
        ("value", I32),
        ("reason", U8),  # index into REASONS
    ),
)
Decision = DECISION.cls

LAYOUT = Layout(
    "Block",
    (
        ("height", U32),
        ("interval", U32),
        ("previous_hash", HASH),  # SHA-256 over the block before, as signed
        ("transactions_root", HASH),  # Merkle, over the transactions as signed
        ("app_hash", HASH),
        ("transactions", listing(octets(1, 512 * 1024), 0, 4096)),
        ("statuses", listing(U16, 0, 4096)),
        ("decisions", listing(record(DECISION), 0, 8192)),
    ),
)
Block = LAYOUT.cls

SIZE_MAX = 8 << 20

# Why a contract decided what it decided. Append, never reorder.
REASONS = (
    "price",  # the price asks for it
    "comfort",  # the comfort limit overrides the price
    "minimum_time",  # held by the minimum on or off time, or the switches a day are used up
    "soc_limit",  # steered back into its limits
    "deadline",  # needed now to reach the deadline's target
    "target_unreachable",  # the deadline's target can no longer be reached: best effort
    "capacity",  # less than the price asks for: the feeder's limit
    "no_measurement",  # no recent reading: the safe state
)
