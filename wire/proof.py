"""
A Proof shows one thing of the ledger to whoever has a header and nothing else: a row of
the state, a reading, or what became of a transaction. It is not signed: it holds, or it
does not. The full node makes it, a phone checks it (docs/proofs.md).
"""

from .schema import HASH, ID, U8, U32, Layout, integer, listing, octets, record

# Where a leaf stands in a Merkle tree (wire/merkle.py).
MERKLE = Layout("MerklePath", (("index", U32), ("count", U32), ("path", listing(HASH, 0, 32))))
MerklePath = MERKLE.cls

# How the way through the state's trie ends.
ROW, NOTHING, OTHER = 0, 1, 2

STATE = Layout(
    "StateProof",
    (
        ("table", U8),
        ("key", octets(0, 64)),
        ("depth", integer(0, 256)),  # branches between the root and the end
        ("present", octets(0, 32)),  # bit by bit, root first: 1 where a sibling follows, 0 where it is empty
        ("siblings", listing(HASH, 0, 256)),
        ("end", integer(0, 2)),
        # ROW: the row's value. NOTHING: empty. OTHER: the path of the one leaf there, then the hash of its value.
        ("value", octets(0, 65536)),
    ),
)
StateProof = STATE.cls

# A row that left the state with its interval: it stands under the root that the state keeps of all that left.
ARCHIVED = Layout(
    "ArchivedRow",
    (
        ("table", U8),
        ("key", octets(0, 64)),
        ("value", octets(0, 65536)),
        ("row", record(MERKLE)),  # under interval_root
        ("interval_root", HASH),
        ("interval", record(MERKLE)),  # under the root in the state
    ),
)
ArchivedRow = ARCHIVED.cls

LAYOUT = Layout(
    "Proof",
    (
        ("header", octets(0, 512)),  # as signed
        ("state", listing(record(STATE), 0, 1)),
        ("archived", listing(record(ARCHIVED), 0, 1)),
        ("leaf", octets(0, 65536)),  # a reading as signed, or an outcome
        ("place", listing(record(MERKLE), 0, 1)),  # of the leaf
    ),
)
Proof = LAYOUT.cls
SIZE_MAX = 1 << 18

# The question for a proof, not signed. The answer goes to the asker's own topic.
ASK_LAYOUT = Layout("Ask", (("asker_id", ID), ("table", U8), ("key", octets(0, 64))))
Ask = ASK_LAYOUT.cls
ASK_SIZE_MAX = 128

# Tables a phone asks for, by their number in the state, which is for ever.
PRICES, WALLETS, LOTS, ROOTS, ARCHIVE = 13, 18, 21, 26, 27
