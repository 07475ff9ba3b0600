"""A checker written from docs/proofs.md and docs/wire.cddl alone, with cbor2 and PyNaCl: nothing of ours takes part."""

import hashlib
from typing import Any

import cbor2
from nacl.signing import VerifyKey


def h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def header(data: bytes, public_key: bytes, network_id: bytes) -> dict[str, Any]:
    """Section 1."""
    tag = cbor2.loads(data)
    assert isinstance(tag, cbor2.CBORTag) and tag.tag == 18
    protected, unprotected, payload, signature = tag.value
    assert not unprotected
    assert cbor2.loads(protected) == {1: -8, 4: h(public_key)[:8], 16: 65034}
    VerifyKey(public_key).verify(cbor2.dumps(["Signature1", protected, network_id, payload]), signature)
    names = ("height", "interval", "previous_hash", "transactions_root", "outcomes_root", "decisions_root", "app_hash")
    return dict(zip(names, cbor2.loads(payload), strict=True))


def under(leaf: bytes, place: list, root: bytes) -> None:
    """Section 2, by walking the tree's shape from the top."""
    index, count, path = place
    assert 0 <= index < count
    path = list(path)

    def walk(index: int, count: int) -> bytes:
        if count == 1:
            return h(b"\0", leaf)
        split = 1
        while 2 * split < count:
            split *= 2
        sibling = path.pop()
        if index < split:
            return h(b"\1", walk(index, split), sibling)
        return h(b"\1", sibling, walk(index - split, count - split))

    assert walk(index, count) == root and not path


def bits(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


def state(proof: list, app_hash: bytes) -> bytes | None:
    """Section 3: the value of the row, None when there is none."""
    table, key, depth, present, siblings, end, value = proof
    path = h(bytes([table]), key)
    assert len(present) == (depth + 7) // 8 and "1" not in bits(present)[depth:]
    assert bits(present).count("1") == len(siblings) and bytes(32) not in siblings
    given = iter(siblings)
    beside = [next(given) if bit == "1" else bytes(32) for bit in bits(present)[:depth]]
    if end == 0:
        digest = h(b"\0", path, h(value))
    elif end == 1:
        assert not value
        digest = bytes(32)
    else:
        other = value[:32]
        assert end == 2 and len(value) == 64 and other != path and bits(other)[:depth] == bits(path)[:depth]
        digest = h(b"\0", value)
    for sibling, bit in reversed(list(zip(beside, bits(path), strict=False))):
        digest = h(b"\1", sibling, digest) if bit == "1" else h(b"\1", digest, sibling)
    assert digest == app_hash
    return value if end == 0 else None


def row(proof: list, table: int, key: bytes, app_hash: bytes) -> Any:
    """Sections 3, 4 and 6: the decoded value."""
    (walked,) = proof[1]
    if not proof[2]:
        assert walked[:2] == [table, key]
        value = state(walked, app_hash)
        return None if value is None else cbor2.loads(value)
    ((old_table, old_key, value, of_row, interval_root, of_interval),) = proof[2]
    assert [old_table, old_key, *walked[:2]] == [table, key, 27, b"root"]
    anchor = state(walked, app_hash)
    assert anchor is not None
    count, (root,) = cbor2.loads(anchor)
    assert of_interval[1] == count
    under(interval_root, of_interval, root)
    under(cbor2.dumps([table, key, value]), of_row, interval_root)
    return cbor2.loads(value)


def reading(proof: list, key: bytes, app_hash: bytes) -> bytes:
    """Section 5: the reading as signed."""
    root, count = row(proof, 26, key, app_hash)
    _, _, _, leaf, (place,) = proof
    assert place[1] == count
    under(leaf, place, root)
    return leaf


def status(proof: list, transaction: bytes, outcomes_root: bytes) -> int:
    _, _, _, leaf, (place,) = proof
    assert leaf[:32] == h(transaction)
    under(leaf, place, outcomes_root)
    return int.from_bytes(leaf[32:], "big")


def decision(proof: list, decisions_root: bytes) -> list:
    """Section 2: the decision's array."""
    _, _, _, leaf, (place,) = proof
    under(leaf, place, decisions_root)
    return cbor2.loads(leaf)


def area_block(data: bytes, public_key: bytes, network_id: bytes) -> tuple[dict[str, Any], list, list]:
    """Section 7: the header, the transactions with their status, and the decisions."""
    signed, count, shown, beside, beside_outcomes, decided_count, decided, beside_decisions = cbor2.loads(data)
    found = header(signed, public_key, network_id)
    transactions = {index: transaction for index, transaction, _ in shown}
    outcomes = {index: h(transaction) + status.to_bytes(2, "big") for index, transaction, status in shown}
    decisions = {index: cbor2.dumps(one) for index, one in decided}
    assert part(count, transactions, beside) == found["transactions_root"]
    assert part(count, outcomes, beside_outcomes) == found["outcomes_root"]
    assert part(decided_count, decisions, beside_decisions) == found["decisions_root"]
    return found, [row[1:] for row in shown], [row[1] for row in decided]


def part(count: int, leaves: dict[int, bytes], beside: list) -> bytes:
    """The root of a tree of which some leaves are shown."""
    given = iter(beside)

    def walk(low: int, size: int) -> bytes:
        if all(not low <= index < low + size for index in leaves):
            return next(given)
        if size == 1:
            return h(b"\0", leaves[low])
        split = 1
        while 2 * split < size:
            split *= 2
        left = walk(low, split)
        return h(b"\1", left, walk(low + split, size - split))

    root = walk(0, count) if count else h(b"")
    assert next(given, None) is None and all(0 <= index < count for index in leaves)
    return root
