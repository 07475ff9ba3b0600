"""The trie against its definition, written the slow way."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from chain.trie import EMPTY, Trie


def bit(path: bytes, depth: int) -> int:
    return path[depth // 8] >> (7 - depth % 8) & 1


def by_definition(leaves: dict[bytes, bytes], depth: int = 0) -> bytes:
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        path, digest = next(iter(leaves.items()))
        return sha256(b"\x00" + path + digest).digest()
    halves = [{path: leaf for path, leaf in leaves.items() if bit(path, depth) == side} for side in (0, 1)]
    return sha256(b"\x01" + by_definition(halves[0], depth + 1) + by_definition(halves[1], depth + 1)).digest()


# Few different first and last bytes, so that paths share long prefixes.
paths = st.builds(lambda first, last: bytes([first]) + bytes(30) + bytes([last]), st.integers(0, 3), st.integers(0, 7))
batches = st.lists(st.dictionaries(paths, st.none() | st.binary(min_size=1, max_size=2)), max_size=12)


@given(batches)
def test_the_root_is_that_of_the_leaves_whatever_way_they_came(changes):
    trie, leaves = Trie(), {}
    for batch in changes:
        hashed = {path: None if value is None else sha256(value).digest() for path, value in batch.items()}
        trie.update(hashed)
        leaves.update(hashed)
        leaves = {path: leaf for path, leaf in leaves.items() if leaf is not None}
        assert trie.root == by_definition(leaves)


def test_many_random_paths():
    leaves = {sha256(bytes([i % 256, i // 256])).digest(): sha256(bytes([i % 7])).digest() for i in range(2000)}
    at_once, one_by_one = Trie(), Trie()
    at_once.update(leaves)
    for path in sorted(leaves, key=lambda path: path[::-1]):
        one_by_one.update({path: leaves[path]})
    assert at_once.root == one_by_one.root == by_definition(leaves)
    at_once.update(dict.fromkeys(list(leaves)[1:]))
    assert at_once.root == by_definition(dict([next(iter(leaves.items()))])), "one leaf left is the root"
