"""
A Proof shows that one row stands in the state under an app hash: the row, and the hashes beside its way through the
trie. It travels as the one operation of ABCI's proof_ops: key = table number || key of the row, data = the hashes.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from chain.cometbft.messages import PROOF_OP, PROOF_OPS
from chain.state import leaf_path
from chain.trie import BRANCH, leaf_hash

TYPE = "gridtide:trie"
DEPTH_MAX = 256


def proof_ops(row_key: bytes, siblings: Sequence[bytes]) -> Any:
    """row_key: table number (1 byte) || key; siblings: as State.siblings gives them, root first."""
    return PROOF_OPS([PROOF_OP(TYPE, row_key, b"".join(siblings))])


def app_hash_of(row_key: bytes, value: bytes, data: bytes) -> bytes | None:
    """The app hash this proof comes to; None when it is no proof. data: the hashes of 32 bytes, root first."""
    if not row_key or len(data) % 32 or len(data) > 32 * DEPTH_MAX:
        return None
    path = leaf_path(row_key[0], row_key[1:])
    digest = leaf_hash(path, value)
    for depth in reversed(range(len(data) // 32)):
        sibling = data[32 * depth : 32 * depth + 32]
        is_right = path[depth >> 3] & (128 >> (depth & 7))
        digest = sha256(BRANCH + (sibling + digest if is_right else digest + sibling)).digest()
    return digest
