"""
An Offer puts money on a bulletin board for a change of load: so much energy less (or
more) than usual, in these intervals. Publishing it locks the money in the offerer's
wallet. An Acceptance (acceptance.py) is the matching leg; a Release (money_release.py) asks
for the outcome. What is not accepted in time goes back by itself.

Its id is the first 8 bytes of SHA-256 over the signed offer.
"""

from .kind import OFFER as KIND  # noqa: F401
from .schema import U8, U16, U32, U62, Layout, integer, octets

LAYOUT = Layout(
    "Offer",
    (
        ("nonce", U62),
        ("stream", octets(1, 32)),  # the board: a-z, 0-9 and -
        ("direction", U8),  # index into DIRECTIONS
        ("energy_wh", integer(1, 0xFFFFFFFF)),  # over all intervals of delivery
        ("money_micro", U62),
        ("first_interval", U32),  # of delivery
        ("last_interval", U32),
        ("baseline_intervals", U16),  # the baseline: the device's own mean over so many intervals before the offer
        ("expires_interval", U32),  # the first interval in which it can no longer be accepted
    ),
)
Offer = LAYOUT.cls

SIZE_MAX = 512

# Append, never reorder.
DIRECTIONS = ("decreasing_load", "increasing_load")
