"""
The Archive keeps the state from growing with time. Rows that belong to an interval leave the state
`history_intervals` after it, if it is settled: a Merkle root over them goes under one root over all intervals that
left, which stays. So whoever kept such a row can prove it for ever, and the state is as large after ten years as after
one. What leaves, and when, is a function of the state alone: every engine drops the same rows in the same block.

The rows themselves are kept beside the state as long as the owner of a file likes (chain/ledger_file.py).
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from chain.board import interval_of_posting
from wire import cbor, merkle
from wire.interval import interval_of

if TYPE_CHECKING:
    from chain.state import State, Table

INTERVALS_MAX = 48  # that leave at once: after a long outage the rest follows with the next Advances
ROOT, PEAKS = b"root", b"peaks"
KEPT_BESIDE = 256  # in State.unsaved: this + table number, (interval, key) -> a row that left


class Archive(NamedTuple):
    """ROOT: the one root over `leaf_count` intervals' roots. PEAKS: the roots of its full subtrees, largest first."""

    leaf_count: int
    hashes: tuple[bytes, ...]


class Root(NamedTuple):
    """What a light block says of its readings; by (area id, window start, part)."""

    merkle_root: bytes
    reading_count: int


NONE_YET = Archive(0, ())
PERIOD_INTERVALS = 48  # of one settlement period: a UTC day


def _from_key(key: bytes, _: Any) -> int:
    return int.from_bytes(key[:4], "big")


def _from_window(key: bytes, _: Any) -> int:
    return interval_of(int.from_bytes(key[8:16], "big"))


# The tables whose rows belong to an interval, and how to tell which.
INTERVAL_OF: dict[str, Callable[[bytes, Any], int]] = {
    "parts": _from_window,
    "books": _from_key,
    "area_wh": _from_key,
    "prices": _from_key,
    "decisions": lambda _, value: value.interval,
    "receipts": lambda _, value: value.recorded_interval,
    "settled": _from_key,
    "lots": _from_key,
    "cycles": _from_key,
    "losses": _from_key,
    "roots": _from_window,
    "offers": interval_of_posting,
    "committed": _from_window,
    "payouts": lambda key, _: last_interval(int.from_bytes(key[:4], "big")),
}


def last_interval(period: int) -> int:
    """The last market interval of a settlement period."""
    return (period + 1) * PERIOD_INTERVALS - 1


def is_archived(state: "State", interval: int) -> bool:
    """Whether the books of this interval are closed for ever."""
    start = state.genesis.start_interval
    return start <= interval < start + state.archive.get(ROOT, NONE_YET).leaf_count


def has_left(state: "State") -> bool:
    """Whether any interval has left the state."""
    return ROOT in state.archive


def archive_old(state: "State") -> None:
    """What is due at the present interval; the oldest first, and none before it is settled."""
    for _ in range(INTERVALS_MAX):
        before = state.archive.get(PEAKS, NONE_YET)
        interval = state.genesis.start_interval + before.leaf_count
        is_settled = interval.to_bytes(4, "big") not in state.unsettled
        if interval + state.genesis.history_intervals >= state.interval or not is_settled:
            return
        rows = _take_out(state, interval)
        peaks = add_leaf(before, merkle.leaf_hash(interval_root(rows)))
        state.archive.put(PEAKS, peaks)
        state.archive.put(ROOT, Archive(peaks.leaf_count, (bagged(peaks.hashes),)))


def _take_out(state: "State", interval: int) -> list[bytes]:
    """The rows of an interval as leaves, by table and key; they are in the state no more."""
    leaves = []
    for table in state.tables:
        for key in table.of_interval(interval):
            leaves.append(_leave(state, table, key, interval))
            if table is state.decisions and key in state.answers:
                state.answers.delete(key)  # the receipts say which decision they answer
    return leaves


def _leave(state: "State", table: "Table", key: bytes, interval: int) -> bytes:
    value = table.encoded(key)
    assert value is not None
    state.left[KEPT_BESIDE + table.number, interval.to_bytes(4, "big") + key] = value
    table.delete(key)
    return row_leaf(table.number, key, value)


def row_leaf(number: int, key: bytes, value: bytes) -> bytes:
    """A row as it stands in its interval's tree."""
    return cbor.encode([number, key, value])


def interval_root(leaves: Sequence[bytes]) -> bytes:
    return merkle.root(leaves)


def add_leaf(archive: Archive, digest: bytes) -> Archive:
    """One more leaf: equal subtrees at the end join, as a carry runs through a binary number."""
    peaks, count = list(archive.hashes), archive.leaf_count
    while count & 1:
        digest = sha256(b"\x01" + peaks.pop() + digest).digest()
        count >>= 1
    return Archive(archive.leaf_count + 1, (*peaks, digest))


def bagged(peaks: Sequence[bytes]) -> bytes:
    """The root after RFC 9162, 2.1.1, of the leaves under these peaks."""
    digest = peaks[-1]
    for peak in reversed(peaks[:-1]):
        digest = sha256(b"\x01" + peak + digest).digest()
    return digest
