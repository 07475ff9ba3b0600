"""
A Registration puts one key on the ledger, signed by the operator: a user, a device,
an aggregator or the cloud's full node. Keys of small order are refused there.
"""

from .kind import REGISTRATION as KIND  # noqa: F401
from .schema import ID, U8, U62, Layout, octets

LAYOUT = Layout(
    "Registration",
    (
        ("nonce", U62),
        ("subject_id", ID),
        ("role", U8),
        ("public_key", octets(32)),
        ("owner_id", ID),  # the user a meter belongs to; zeros for the other roles
        ("area_id", ID),  # of a device and of its aggregator; zeros for the others
        ("energy_type", U8),  # what the plant behind a meter makes; GRID for none
    ),
)
Registration = LAYOUT.cls

SIZE_MAX = 512

# role
USER = 1
METER = 2
MLMD = 3
AGGREGATOR = 4
CLOUD = 5
