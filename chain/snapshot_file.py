"""
A snapshot file is the state of a ledger at one height, to begin a new node with: no history, no blocks. It is believed
for its app hash and nothing else, so it may come from anybody. The rows are those of CometBFT's state sync
(chain/cometbft/snapshot.py), in the same chunks.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import cbor2

from chain.archive import NONE_YET, ROOT
from chain.cometbft.snapshot import CHUNK_BYTES, FORMAT, Offer, Restoration, pack, rows_of
from chain.embedded import load_state
from chain.errors import LedgerCorrupt, LedgerError
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile
from chain.state import State
from wire import merkle


class SnapshotFile(NamedTuple):
    """roots: of the intervals that left the state, with which what leaves later can be proved."""

    format: int
    height: int
    app_hash: bytes
    roots: dict[int, bytes]
    chunks: list[bytes]

    @property
    def offer(self) -> Offer:
        metadata = b"".join(sha256(chunk).digest() for chunk in self.chunks)
        return Offer(self.height, self.format, len(self.chunks), sha256(metadata).digest(), metadata)


def write(ledger: Path, genesis: Genesis, out: Path) -> SnapshotFile:
    """The snapshot of a ledger as it is now. Raises LedgerError."""
    file = LedgerFile(ledger, is_writing=False)
    try:
        state = load_state(file, genesis)
        rows = pack(state)
        chunks = [rows[at : at + CHUNK_BYTES] for at in range(0, len(rows), CHUNK_BYTES)]
        snapshot = SnapshotFile(FORMAT, file.height(), state.app_hash, file.history.roots(), chunks)
    finally:
        file.close()
    out.write_bytes(cbor2.dumps(list(snapshot)))
    return snapshot


def read(path: Path) -> SnapshotFile:
    """Raises LedgerError for what is no snapshot of this format; its rows are not looked at."""
    try:
        snapshot = SnapshotFile(*cbor2.loads(path.read_bytes()))
    except (OSError, cbor2.CBORDecodeError, TypeError, ValueError) as error:
        raise LedgerCorrupt(f"{path}: no snapshot: {error}") from error
    kinds = (int, int, bytes, dict, list)
    if tuple(map(type, snapshot)) != kinds or snapshot.format != FORMAT:
        raise LedgerCorrupt(f"{path}: no snapshot of format {FORMAT}")
    if any(type(chunk) is not bytes for chunk in snapshot.chunks):
        raise LedgerCorrupt(f"{path}: a chunk is no byte string")
    return snapshot


def state_of(snapshot: SnapshotFile, genesis: Genesis) -> tuple[State, int]:
    """The state in a snapshot, and its height. Raises LedgerCorrupt when it does not come to its own app hash."""
    state = State(genesis)
    for number, key, value in rows_of(b"".join(snapshot.chunks)):
        if not 0 <= number < len(state.tables):
            raise LedgerCorrupt(f"there is no table {number}")
        state.tables[number].load(key, value)
    if state.seal() != snapshot.app_hash:
        raise LedgerCorrupt("the snapshot's rows do not come to its app hash")
    state.unsaved.clear()
    return state, snapshot.height


def restore(snapshot: SnapshotFile, ledger: Path, genesis: Genesis, app_hash: bytes) -> None:
    """
    Begin a ledger file with it. app_hash: what we trust, from a header of that height or another node.

    Raises LedgerError: there is a ledger already, or the rows do not come to this app hash.
    """
    if ledger.exists():
        raise LedgerError(f"{ledger}: there is a ledger already")
    restoration = Restoration(snapshot.offer, app_hash)
    for number, chunk in enumerate(snapshot.chunks):
        restoration.add(number, chunk)
    restoration.restore(ledger, genesis)
    file = LedgerFile(ledger, is_writing=True)
    try:
        _check_roots(snapshot, load_state(file, genesis))
        file.begin_history(snapshot.roots)
    except LedgerError:
        ledger.unlink()
        raise
    finally:
        file.close()


def _check_roots(snapshot: SnapshotFile, state: State) -> None:
    archive = state.archive.get(ROOT, NONE_YET)
    start = state.genesis.start_interval
    intervals = range(start, start + archive.leaf_count)
    roots: list[Any] = [snapshot.roots.get(interval, merkle.EMPTY_ROOT) for interval in intervals]
    if any(type(root) is not bytes for root in roots) or not snapshot.roots.keys() <= set(intervals):
        raise LedgerCorrupt("the snapshot's roots are of other intervals than those that left the state")
    if roots and (merkle.root(roots),) != archive.hashes:
        raise LedgerCorrupt("the snapshot's roots are not those of the intervals that left the state")
