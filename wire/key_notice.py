"""
A KeyNotice says which key somebody signs with from now on. The aggregator sends it when the
ledger has changed a device's key: to the device itself, which only then switches to its next
key, and to the neighbours that hear it by radio. The operator signs one when an area
gets another aggregator; its subject is then the area.

Of two notices of one subject the one with the greater number counts, so an old one that is
sent again brings no old key back.
"""

from .kind import KEY_NOTICE as KIND  # noqa: F401
from .schema import ID, U62, Layout, octets

LAYOUT = Layout(
    "KeyNotice",
    (
        ("number", U62),  # the height of the block that changed the key; of an area, UTC in seconds
        ("subject_id", ID),
        ("public_key", octets(32)),
    ),
)
KeyNotice = LAYOUT.cls

SIZE_MAX = 250  # it goes on over ESP-NOW
