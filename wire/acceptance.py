"""
An Acceptance is the matching leg of an Offer: a device, committed by itself or by its
owner, that will deliver what is asked, for what is offered. It repeats both figures, so
that nobody accepts what they did not read.
"""

from .kind import ACCEPTANCE as KIND  # noqa: F401
from .schema import ID, U32, U62, Layout

LAYOUT = Layout(
    "Acceptance",
    (
        ("nonce", U62),
        ("offer_id", ID),
        ("device_id", ID),
        ("energy_wh", U32),
        ("money_micro", U62),
    ),
)
Acceptance = LAYOUT.cls

SIZE_MAX = 512
