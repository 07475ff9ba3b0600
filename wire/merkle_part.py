"""
A part of a Merkle tree (wire/merkle.py): some of its leaves, and the hashes of the subtrees
that have none of them, left before right. Enough to come to the root, and no more.
"""

from hashlib import sha256

from .merkle import EMPTY_ROOT, leaf_hash


def split(count):
    """Where a tree of `count` leaves is divided: the largest power of two below it (RFC 9162, 2.1.1)."""
    half = 1
    while 2 * half < count:
        half *= 2
    return half


class Tree:
    """All hashes of a tree, worked out once, from which any part can be taken."""

    def __init__(self, leaves):
        self._leaves = [leaf_hash(leaf) for leaf in leaves]
        self._known = {}

    def hash(self, low, high):
        """The hash of the subtree over the leaves low..high-1."""
        if high - low == 1:
            return self._leaves[low]
        if (low, high) not in self._known:
            middle = low + split(high - low)
            self._known[low, high] = sha256(b"\x01" + self.hash(low, middle) + self.hash(middle, high)).digest()
        return self._known[low, high]

    def others(self, wanted):
        """The hashes that whoever has the leaves `wanted` (a set of indices) needs besides."""
        return self._others(0, len(self._leaves), wanted) if self._leaves else []

    def _others(self, low, high, wanted):
        if not any(low <= index < high for index in wanted):
            return [self.hash(low, high)]
        if high - low == 1:
            return []
        middle = low + split(high - low)
        return self._others(low, middle, wanted) + self._others(middle, high, wanted)


def root_of(count, leaves, others):
    """
    The root of a tree of `count` leaves, of which these are known: {index: leaf (bytes)}.

    None when the hashes are not those, and no more, that the shape asks for.
    """
    if any(not 0 <= index < count for index in leaves):
        return None
    given = list(others)
    given.reverse()
    digest = _root(0, count, leaves, given) if count else EMPTY_ROOT
    return None if given else digest


def _root(low, high, leaves, given):
    if not any(low <= index < high for index in leaves):
        return given.pop() if given else None
    if high - low == 1:
        return leaf_hash(leaves[low])
    middle = low + split(high - low)
    left = _root(low, middle, leaves, given)
    right = _root(middle, high, leaves, given)
    return None if left is None or right is None else sha256(b"\x01" + left + right).digest()
