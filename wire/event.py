"""
An Event is something a device found wrong, or did to protect itself: when it began, and
said again with the same beginning when it ended. For the operator and the report; never
on the ledger.
"""

from .kind import EVENT as KIND  # noqa: F401
from .schema import I32, U8, U32, UTC_S, Layout, octets

LAYOUT = Layout(
    "Event",
    (
        ("boot", U32),
        ("sequence", U32),  # of events: strictly increasing per device and boot
        ("begin_s", UTC_S),
        ("end_s", UTC_S),  # 0 while it lasts
        ("code", U8),  # index into CODES
        ("subject", octets(0, 8)),  # a device's id, a phase's number in one byte, empty for the signer or its area
        ("value", I32),  # in the unit of the code
    ),
)
Event = LAYOUT.cls

SIZE_MAX = 250
ACKNOWLEDGED = 1 << 29  # event n is entry ACKNOWLEDGED + n of an Acknowledgement: no device signs so many readings

# Append, never reorder.
CODES = (
    "none",
    "meter_silent",  # value: s since it was heard
    "chip_silent",
    "register_stuck",  # W that flow
    "register_jumped",  # Wh of the jump
    "voltage_lost",  # mV
    "energy_unaccounted",  # Wh missing
    "energy_surplus",  # Wh missing, below zero
    "breaker_failed",  # open, and carries current
    "breaker_manual",  # open by hand, and the five below: opened by itself. value: reclosings so far, 255: locked out
    "breaker_overload",
    "breaker_instantaneous",
    "breaker_overvoltage",
    "breaker_undervoltage",
    "breaker_underfrequency",
    "load_shed",  # by frequency; value: the stage
    "aggregator_gone",  # headroom is shared with the neighbours meanwhile; value: s since it was heard
    "limit_passed",  # the area draws more than its share of the feeder; value: W
    "firmware_rolled_back",  # value: why
    "firmware_running",  # said at every start; value: the version
)
