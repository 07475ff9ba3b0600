"""
Checking proofs (docs/proofs.md is the whole of it in words). Pure: bytes and a root in, a row or a ProofError out.
"""

from hashlib import sha256
from typing import Any, NamedTuple

from phone.errors import ProofError
from wire import cbor, merkle, message, proof
from wire.errors import WireError

EMPTY = bytes(32)
ROOT_KEY = b"root"
VALUE_MAX = 65536


class Row(NamedTuple):
    """A row of the state; value None: it is proved that there is none. is_archived: it has left the state."""

    table: int
    key: bytes
    value: bytes | None
    is_archived: bool


def decode(data: bytes) -> Any:
    """The wire.proof.Proof in untrusted bytes. Raises ProofError."""
    try:
        return message.decode(proof.LAYOUT, data, proof.SIZE_MAX)
    except WireError as error:
        raise ProofError("malformed", str(error)) from error


def _bit(path: bytes, at: int) -> int:
    return path[at >> 3] >> (7 - (at & 7)) & 1


def _siblings(state: Any) -> list[bytes]:
    """One for each branch, root first, the empty ones put back."""
    if len(state.present) != -(-state.depth // 8):
        raise ProofError("not_canonical", "present")
    given = iter(state.siblings)
    found = []
    for depth in range(8 * len(state.present)):
        if not _bit(state.present, depth):
            found.append(EMPTY)
        elif (sibling := next(given, EMPTY)) != EMPTY and depth < state.depth:
            found.append(sibling)
        else:
            raise ProofError("not_canonical", "siblings")
    if next(given, None) is not None:
        raise ProofError("not_canonical", "siblings left over")
    return found[: state.depth]


def _end(state: Any, path: bytes) -> bytes:
    """The hash at the end of the way."""
    if state.end == proof.ROW:
        return sha256(b"\x00" + path + sha256(state.value).digest()).digest()
    if state.end == proof.NOTHING:
        if state.value:
            raise ProofError("not_canonical", "value")
        return EMPTY
    if len(state.value) != 64:
        raise ProofError("not_canonical", "value")
    other = state.value[:32]
    # The neighbour has to stand where the row would: the same way up to here, but not the same path.
    if other == path or any(_bit(other, depth) != _bit(path, depth) for depth in range(state.depth)):
        raise ProofError("not_canonical", "another row's path")
    return sha256(b"\x00" + state.value).digest()


def check_state(state: Any, app_hash: bytes) -> bytes | None:
    """The value of the row, None for none. Raises ProofError unless the hashes lead to `app_hash`."""
    path = sha256(bytes((state.table,)) + state.key).digest()
    siblings = _siblings(state)
    digest = _end(state, path)
    for depth in reversed(range(state.depth)):
        pair = siblings[depth] + digest if _bit(path, depth) else digest + siblings[depth]
        digest = sha256(b"\x01" + pair).digest()
    if digest != app_hash:
        raise ProofError("not_under_root", "app_hash")
    return state.value if state.end == proof.ROW else None


def check_leaf(leaf: bytes, place: Any, root: bytes) -> None:
    """Raises ProofError unless `leaf` stands there under `root` (RFC 9162, 2.1.3.2)."""
    if not merkle.verify_proof(leaf, place.index, place.count, place.path, root):
        raise ProofError("not_under_root")


def check_row(found: Any, table: int, key: bytes, app_hash: bytes) -> Row:
    """What a Proof says of the row (table, key), in the state or out of it. Raises ProofError."""
    if len(found.state) != 1:
        raise ProofError("wrong_question", "no row of the state")
    state = found.state[0]
    if not found.archived:
        if (state.table, state.key) != (table, key):
            raise ProofError("wrong_question", f"table {state.table}, key {state.key.hex()}")
        return Row(table, key, check_state(state, app_hash), False)
    old = found.archived[0]
    if (old.table, old.key, state.table, state.key) != (table, key, proof.ARCHIVE, ROOT_KEY):
        raise ProofError("wrong_question", f"table {old.table}, key {old.key.hex()}")
    anchor = check_state(state, app_hash)
    if anchor is None:
        raise ProofError("not_there", "nothing has left the state")
    count, roots = fields(anchor, int, list)
    if old.interval.count != count or len(roots) != 1 or not isinstance(roots[0], bytes):
        raise ProofError("wrong_value", "archive")
    check_leaf(old.interval_root, old.interval, roots[0])
    check_leaf(cbor.encode([table, key, old.value]), old.row, old.interval_root)
    return Row(table, key, old.value, True)


def fields(value: bytes | None, *kinds: type) -> list[Any]:
    """The fields of a row's value. Raises ProofError when there is none, or of another form."""
    if value is None:
        raise ProofError("not_there")
    try:
        row = cbor.decode(value, VALUE_MAX)
    except WireError as error:
        raise ProofError("wrong_value", str(error)) from error
    if not isinstance(row, list) or tuple(map(type, row)) != kinds:
        raise ProofError("wrong_value")
    return row
