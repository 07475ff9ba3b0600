"""
A Price posts one price per energy type for one market interval. The ledger's rule
recomputes it from its own supply and demand and takes no other value.
"""

from .kind import PRICE as KIND  # noqa: F401
from .schema import U32, U62, Layout, listing

LAYOUT = Layout(
    "Price",
    (
        ("nonce", U62),
        ("interval", U32),
        ("price_micro_per_kwh", listing(U32, 1, 16)),  # by energy type
    ),
)
Price = LAYOUT.cls

SIZE_MAX = 1024
