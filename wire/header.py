"""
A Header is what a Block comes to in a few hundred bytes: roots over its transactions,
what became of them and its decisions, and the app hash of the ledger's state after it.
The full node signs one for every block; whoever trusts its key needs no block to check
a proof. Headers are a chain of their own.
"""

from hashlib import sha256

from . import cbor, merkle
from .kind import HEADER as KIND  # noqa: F401
from .schema import HASH, U32, Layout, plain

LAYOUT = Layout(
    "Header",
    (
        ("height", U32),
        ("interval", U32),
        ("previous_hash", HASH),  # SHA-256 over the header before, as signed; zeros for the first
        ("transactions_root", HASH),  # Merkle, over the transactions as signed
        ("outcomes_root", HASH),  # Merkle, over outcome_leaf of each, in the same order
        ("decisions_root", HASH),  # Merkle, over the CBOR of each decision
        ("app_hash", HASH),
    ),
)
Header = LAYOUT.cls

SIZE_MAX = 512


def outcome_leaf(digest, status):
    """What became of one transaction: its SHA-256 (32 bytes), then its status (2 bytes)."""
    return digest + status.to_bytes(2, "big")


def header_of(block, previous_hash):
    """The header of a Block (or of anything with its fields)."""
    leaves = [
        outcome_leaf(sha256(one).digest(), int(status)) for one, status in zip(block.transactions, block.statuses)
    ]
    return Header(
        block.height,
        block.interval,
        previous_hash,
        merkle.root(block.transactions),
        merkle.root(leaves),
        merkle.root([cbor.encode(plain(decision)) for decision in block.decisions]),
        block.app_hash,
    )
