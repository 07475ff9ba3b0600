"""
Merkle trees after RFC 9162, 2.1: leaves and nodes are hashed under different
prefixes, an odd node is carried up and never doubled.
"""

from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf):
    """SHA-256 of one leaf (bytes): 32 bytes."""
    return sha256(b"\x00" + leaf).digest()


def _node_hash(left, right):
    return sha256(b"\x01" + left + right).digest()


def _level_up(hashes):
    above = [_node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
    if len(hashes) % 2:
        above.append(hashes[-1])
    return above


def root(leaves):
    """The root over `leaves` (a sequence of bytes): 32 bytes."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > 1:
        hashes = _level_up(hashes)
    return hashes[0]


def proof(leaves, index):
    """The inclusion proof of leaf `index`: sibling hashes, leaf to root (RFC 9162, 2.1.3.1)."""
    return proof_of_hashes([leaf_hash(leaf) for leaf in leaves], index)


def proof_of_hashes(hashes, index):
    """The same from the hashes of the leaves: whoever threw the leaves away can still prove them."""
    path = []
    while len(hashes) > 1:
        sibling = index ^ 1
        if sibling < len(hashes):
            path.append(hashes[sibling])
        index //= 2
        hashes = _level_up(hashes)
    return path


def verify_proof(leaf, index, count, path, expected_root):
    """Whether `leaf` stands at `index` of `count` leaves under `expected_root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < count:
        return False
    node, last = index, count - 1
    digest = leaf_hash(leaf)
    for sibling in path:
        if last == 0 or len(sibling) != 32:
            return False
        if node & 1 or node == last:
            digest = _node_hash(sibling, digest)
            while node and not node & 1:
                node >>= 1
                last >>= 1
        else:
            digest = _node_hash(digest, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and digest == expected_root
