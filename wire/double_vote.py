"""
A DoubleVote shows that a validator voted for two blocks in one round: two votes as CometBFT has
them signed, under one key. It needs no trust in whoever sends it; the validator then counts
no more.
"""

from .kind import DOUBLE_VOTE as KIND  # noqa: F401
from .schema import U62, Layout, octets

LAYOUT = Layout(
    "DoubleVote",
    (
        ("nonce", U62),
        ("validator_key", octets(32)),  # Ed25519: the key it votes with
        ("first", octets(1, 512)),  # the bytes that are signed: CometBFT's CanonicalVote, with its length before it
        ("first_signature", octets(64)),
        ("second", octets(1, 512)),
        ("second_signature", octets(64)),
    ),
)
DoubleVote = LAYOUT.cls

SIZE_MAX = 2048
