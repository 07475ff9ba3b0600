"""
A Command tells one device to switch or set something, until it expires. The
aggregator signs it; it is never retained and never acted on when it is stale,
replayed or for somebody else. Local protection always wins over it.

decision_id and height say where on the ledger it was decided; decision 0 is edge
control, decided by the aggregator itself.
"""

from .kind import COMMAND as KIND  # noqa: F401
from .schema import I32, ID, U8, U32, U62, UTC_S, Layout

LAYOUT = Layout(
    "Command",
    (
        ("device_id", ID),
        ("sequence", U32),  # strictly increasing per device, across restarts of the aggregator
        ("decision_id", U62),
        ("contract_id", U32),
        ("height", U32),
        ("not_before_s", UTC_S),
        ("expires_s", UTC_S),
        ("action", U8),
        ("value", I32),
    ),
)
Command = LAYOUT.cls

SIZE_MAX = 250

# action
RELAY = 1  # value 0: off, 1: on (a deferrable load)
BATTERY_POWER = 2  # value: W, charging positive
BREAKER = 3  # value 0: open, 1: closed (an M-LMD's own)
ROTATE_KEY = 4  # value 0: make the next key, and announce it (wire/rotation.py)
ACTIONS = (RELAY, BATTERY_POWER, BREAKER)
