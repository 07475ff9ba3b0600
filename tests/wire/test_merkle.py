"""Merkle trees against the recursive definition of RFC 9162, 2.1.1, and proofs that lie."""

import hashlib
import random

import pytest

from wire import merkle

SEED = 9162


def root_by_definition(leaves: list[bytes]) -> bytes:
    if len(leaves) == 0:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_by_definition(leaves[:middle]) + root_by_definition(leaves[middle:])).digest()


def leaves_of(count: int) -> list[bytes]:
    return [b"leaf %d" % i for i in range(count)]


@pytest.mark.parametrize("count", range(34))
def test_root_and_proofs(count):
    leaves = leaves_of(count)
    root = merkle.root(leaves)
    assert root == root_by_definition(leaves)
    for index in range(count):
        path = merkle.proof(leaves, index)
        assert merkle.verify_proof(leaves[index], index, count, path, root)
        assert not merkle.verify_proof(leaves[index] + b"!", index, count, path, root)


def test_an_odd_leaf_is_not_doubled():
    assert merkle.root(leaves_of(3)) != merkle.root([*leaves_of(3), b"leaf 2"])


def test_forged_proofs_are_refused():
    chance = random.Random(SEED)
    for _ in range(3000):
        count = chance.randrange(1, 40)
        index = chance.randrange(count)
        leaves = leaves_of(count)
        root, path = merkle.root(leaves), merkle.proof(leaves, index)
        forged = forge(chance, leaves[index], index, count, path)
        if forged is not None:
            assert not merkle.verify_proof(*forged, root), f"seed {SEED}: {forged}"


def forge(chance, leaf, index, count, path):
    """(leaf, index, count, path) with one thing wrong, or None where that thing cannot be wrong."""
    case = chance.randrange(6)
    if case == 0:  # another place in the tree
        return leaf, (index + chance.randrange(1, count)) % count if count > 1 else 1, count, path
    if case == 1 and path:  # a step left out
        at = chance.randrange(len(path))
        return leaf, index, count, path[:at] + path[at + 1 :]
    if case == 2:  # a step too many
        return leaf, index, count, [*path, chance.randbytes(32)]
    if case == 3 and path:  # a flipped bit
        at = chance.randrange(len(path))
        return leaf, index, count, [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]]
    if case == 4 and path:  # an inner node sold as a leaf
        inner = hashlib.sha256(b"\0" + leaf).digest()
        pair = inner + path[0] if index % 2 == 0 else path[0] + inner
        return pair, index // 2, (count + 1) // 2, path[1:]
    if case == 5 and path:  # a sibling of another length
        return leaf, index, count, [path[0] + b"\0", *path[1:]]
    return None
