"""
A Membership says who belongs to a ledger and what they may do there, signed by the
ledger's operator. The key that opens the ledger's blocks comes with it, sealed to the
member. The latest one counts; one without rights ends it.
"""

from .kind import MEMBERSHIP as KIND  # noqa: F401
from .schema import ID, U8, U16, U62, Layout, listing, octets

LAYOUT = Layout(
    "Membership",
    (
        ("nonce", U62),
        ("member_id", ID),
        ("public_key", octets(32)),
        ("rights", U8),  # a sum of the two below; 0: no longer a member
        ("kinds", listing(U16, 0, 32)),  # of transactions the member may send, ascending
        ("group_key", octets(0, 80)),  # the ledger's 32-byte key in a sealed box for the member; empty: cannot read
    ),
)
Membership = LAYOUT.cls

SIZE_MAX = 1024

# rights
READ = 1
WRITE = 2
