"""
An Anchor pins the data of one ledger on another: Hash_G over the days and plants of a
period. It shows nothing of the data; whoever is given some of them can check them
against it.
"""

from .kind import ANCHOR as KIND  # noqa: F401
from .schema import HASH, ID, U32, U62, Layout, integer

LAYOUT = Layout(
    "Anchor",
    (
        ("nonce", U62),
        ("ledger_id", ID),  # the network id of the ledger whose data these are
        ("first_day", U32),  # UTC seconds // 86400
        ("last_day", U32),
        ("plant_count", integer(1, 0xFFFFFFFF)),
        ("hash_g", HASH),
    ),
)
Anchor = LAYOUT.cls

SIZE_MAX = 512
