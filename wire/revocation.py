"""
A Revocation ends a subject of the ledger, signed by the operator: from then on nothing it
signs counts, whatever the key. What it signed before still verifies. There is no way back:
who is to take part again is registered under a new key, and so a new id.
"""

from .kind import REVOCATION as KIND  # noqa: F401
from .schema import ID, U8, U62, Layout

LAYOUT = Layout(
    "Revocation",
    (
        ("nonce", U62),
        ("subject_id", ID),
        ("reason", U8),  # index into REASONS
    ),
)
Revocation = LAYOUT.cls

SIZE_MAX = 512

# Append, never reorder.
REASONS = ("unspecified", "stolen", "retired", "tampered")
