"""
A Rotation gives a subject of the ledger its next key. Signed by the key until now it is a
change of keys: what that key signed before still counts. Signed by the operator it says
that the key until now is lost or stolen, and from then on nothing it signs counts.

The id stays: it was made from the first key. A subject that changes its key itself shows with
`proof` that it has the next one, too: nobody announces a stranger's key, or one that was lost.
"""

from .kind import ROTATION as KIND  # noqa: F401
from .schema import ID, UTC_S, Layout, octets

LAYOUT = Layout(
    "Rotation",
    (
        ("made_s", UTC_S),  # 0 where a device did not know the time
        ("subject_id", ID),
        ("public_key", octets(32)),
        ("proof", octets(0, 64)),  # the next key's signature over `possession`; empty from the operator
    ),
)
Rotation = LAYOUT.cls

SIZE_MAX = 250


def possession(network_id, subject_id, public_key):
    """What the next key signs, as bytes. It begins like no signed message (wire/cose.py)."""
    return b"gridtide rotation" + network_id + subject_id + public_key
