"""
The Trie makes one hash of a whole table of keys and values, the same whatever order they were written in.

Binary, over the bits of a 32-byte path (SHA-256 of the key). Its shape is a function of the set of paths alone: a
subtree without a leaf is EMPTY, with one leaf it *is* that leaf, with more it is a branch. A change costs the hashes
on its own path; many changes at once share the upper ones.
"""

from bisect import bisect_left
from collections.abc import Sequence
from hashlib import sha256

EMPTY = bytes(32)
LEAF, BRANCH = b"\x00", b"\x01"

# A node is None, a leaf (path || hash of its value, 64 bytes) or a branch (left, right, hash).
Leaf = bytes
Node = None | Leaf | tuple


def leaf_hash(path: bytes, value: bytes) -> bytes:
    """Over the hash of the value, so that a neighbour's row can prove an absence without being shown."""
    return sha256(LEAF + path + sha256(value).digest()).digest()


def _hash(node: Node) -> bytes:
    if node is None:
        return EMPTY
    return node[2] if isinstance(node, tuple) else sha256(LEAF + node).digest()


def _middle(updates: Sequence[tuple[bytes, bytes | None]], low: int, high: int, depth: int) -> int:
    """Where, in the sorted updates[low:high] that agree in their first `depth` bits, the bit at `depth` becomes 1."""
    if high - low == 1:
        return high if not updates[low][0][depth >> 3] & (128 >> (depth & 7)) else low
    prefix = bytearray(updates[low][0][: (depth >> 3) + 1])
    prefix[-1] = (prefix[-1] | (128 >> (depth & 7))) & (0xFF00 >> ((depth & 7) + 1))
    return bisect_left(updates, (bytes(prefix),), low, high)


def _branch(left: Node, right: Node) -> Node:
    """The one form a subtree with these two halves may have."""
    if left is None and (right is None or isinstance(right, bytes)):
        return right
    if right is None and isinstance(left, bytes):
        return left
    return left, right, sha256(BRANCH + _hash(left) + _hash(right)).digest()


def _update(node: Node, updates: Sequence[tuple[bytes, bytes | None]], low: int, high: int, depth: int) -> Node:
    if low == high:
        return node
    if node is None or isinstance(node, bytes):
        if high - low == 1 and (node is None or node.startswith(updates[low][0])):
            path, digest = updates[low]
            return None if digest is None else path + digest
        left, right = _split(node, depth)
    else:
        left, right = node[0], node[1]
    middle = _middle(updates, low, high, depth)
    return _branch(
        _update(left, updates, low, middle, depth + 1),
        _update(right, updates, middle, high, depth + 1),
    )


def _split(leaf: Leaf | None, depth: int) -> tuple[Node, Node]:
    if leaf is None:
        return None, None
    return (None, leaf) if leaf[depth >> 3] & (128 >> (depth & 7)) else (leaf, None)


class Trie:
    """The hashes of all leaves, in memory."""

    def __init__(self) -> None:
        self._root: Node = None

    @property
    def root(self) -> bytes:
        """32 bytes."""
        return _hash(self._root)

    def update(self, changes: dict[bytes, bytes | None]) -> None:
        """Set the SHA-256 of the value at each path (32 bytes); None takes the leaf away."""
        updates = sorted(changes.items())
        self._root = _update(self._root, updates, 0, len(updates), 0)

    def walk(self, path: bytes) -> tuple[list[bytes], Leaf | None]:
        """The hashes beside the way from the root towards `path`, root first, and the leaf it ends at, if at any."""
        node = self._root
        beside: list[bytes] = []
        while isinstance(node, tuple):
            is_right = bool(path[len(beside) >> 3] & (128 >> (len(beside) & 7)))
            beside.append(_hash(node[not is_right]))
            node = node[is_right]
        return beside, node

    def siblings(self, path: bytes) -> list[bytes] | None:
        """Those hashes, for a leaf that is there; None when there is no such leaf."""
        beside, leaf = self.walk(path)
        return beside if leaf is not None and leaf.startswith(path) else None
