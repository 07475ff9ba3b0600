"""
A Receipt is a device's signed answer to a command: what it did, or why not, and what
it measured right after. The ledger takes the device's own signature.
"""

from .kind import RECEIPT as KIND  # noqa: F401
from .schema import I32, U8, U32, U62, UTC_S, Layout, integer, octets

LAYOUT = Layout(
    "Receipt",
    (
        ("boot", U32),
        ("sequence", U32),  # of receipts: strictly increasing per device and boot
        ("command_sequence", U32),
        ("decision_id", U62),
        ("command_digest", octets(8)),  # first 8 bytes of SHA-256 over the signed command
        ("acted_s", UTC_S),
        ("outcome", U8),
        ("reason", U8),
        ("action", U8),
        ("value", I32),  # as set, which may be less than was asked for
        ("power_w", I32),
        ("temperature_mc", I32),
        ("soc_permille", integer(0, 1000)),
        ("relays", U8),
    ),
)
Receipt = LAYOUT.cls

SIZE_MAX = 250
ACKNOWLEDGED = 1 << 30  # as event.ACKNOWLEDGED

# outcome
OBEYED = 1
REFUSED = 2

# reason: why refused, or why less was done than asked. Append, never reorder.
REASONS = (
    "none",
    "expired",
    "not_yet_valid",
    "no_time",  # the device's own clock was never set
    "unknown_action",
    "not_equipped",  # no such relay or battery here
    "comfort_low",  # off would leave the water below the comfort limit
    "comfort_high",
    "soc_low",
    "soc_high",
    "minimum_on_time",
    "minimum_off_time",
    "power_limited",  # obeyed, at the most the device is allowed
    "locked_out",  # manual switch or protection
    "equipment_silent",  # the equipment did not answer
    "interrupted",  # power failed while it was carried out: what came of it is not known
)
