"""
A Rotation gives a subject of the ledger its next key. Signed by the key until now it is a
change of keys: what that key signed before still counts. Signed by the operator it says
that the key until now is lost or stolen, and from then on nothing it signs counts.

The id stays: it was made from the first key.
"""

from .kind import ROTATION as KIND  # noqa: F401
from .schema import ID, UTC_S, Layout, octets

LAYOUT = Layout(
    "Rotation",
    (
        ("made_s", UTC_S),  # 0 where a device did not know the time
        ("subject_id", ID),
        ("public_key", octets(32)),
    ),
)
Rotation = LAYOUT.cls

SIZE_MAX = 250
