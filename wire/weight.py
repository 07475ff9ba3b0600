"""
A Weight says how much a validator counts where several make the blocks, and to which
organisation it belongs, signed by the ledger's operator. The latest one counts; a weight
of 0 takes the validator out. What becomes of it as voting power: docs/cometbft.md.
"""

from .kind import WEIGHT as KIND  # noqa: F401
from .schema import ID, U32, U62, Layout, octets

LAYOUT = Layout(
    "Weight",
    (
        ("nonce", U62),
        ("validator_key", octets(32)),  # Ed25519: the key it votes with
        ("organisation_id", ID),
        ("weight", U32),
    ),
)
Weight = LAYOUT.cls

SIZE_MAX = 512
