"""
Whoever has a ledger and its genesis can check all of it without trusting who wrote it: every transaction is applied
anew from the beginning, and everything stored must be what comes out.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from chain import ed25519, snapshot_file
from chain.archive import KEPT_BESIDE, interval_root, row_leaf
from chain.errors import LedgerCorrupt
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile, StoredBlock
from chain.state import State
from chain.transition import apply_block
from wire import block as published
from wire import header, merkle, message
from wire.errors import WireError
from wire.registration import CLOUD

FIRST = bytes(32)  # previous_hash of the first published block


class Verified(NamedTuple):
    """What a replay came to. faults: empty when the ledger is sound."""

    state: State
    height: int
    faults: tuple[str, ...]


def verify(path: str | Path, genesis: Genesis, begun_with: Path | None = None) -> Verified:
    """
    Replay the ledger at `path` and compare. begun_with: the snapshot file of a ledger that was not begun with genesis.

    Raises LedgerError when there is no ledger to read, or the snapshot is none.
    """
    file = LedgerFile(path, is_writing=False)
    faults: list[str] = []
    state, height = State.begin(genesis), 0
    try:
        if begun_with is not None:
            state, height = snapshot_file.state_of(snapshot_file.read(begun_with), genesis)
        faults += [f"file: {line}" for line in file.damage()]
        previous = FIRST
        for stored in file.blocks():
            if begun_with is not None and stored.height == height and not stored.transactions:
                continue  # the one that stands for the snapshot
            height += 1
            wrong = list(_check_block(state, stored, height))
            faults += wrong
            faults += _check_history(state, file, height)
            faults += [] if wrong else _check_header(state, file, stored)
            signed = file.signed(stored.height)
            if signed is not None:
                faults += [
                    f"block {height}, as published: {line}" for line in _check_signed(state, stored, signed, previous)
                ]
            previous = b"" if signed is None else published_hash(signed)
        faults += _check_state(state, file, height)
    except LedgerCorrupt as error:
        faults.append(str(error))
    finally:
        file.close()
    return Verified(state, height, tuple(faults))


def published_hash(signed: bytes) -> bytes:
    """What the next published block names as previous_hash."""
    return sha256(signed).digest()


def _check_block(state: State, stored: StoredBlock, height: int) -> Iterator[str]:
    if stored.height != height:
        yield f"block {height} is missing"
    result = apply_block(state, stored.transactions)
    if tuple(stored.statuses) != tuple(result.statuses):
        yield f"block {height}: the statuses are not what its transactions come to"
    if stored.decisions != tuple(tuple(one) for one in result.decisions):
        yield f"block {height}: the decisions are not what its transactions come to"
    if stored.interval != state.interval:
        yield f"block {height}: the interval is not what its transactions come to"
    if stored.app_hash != result.app_hash:
        yield f"block {height}: the app hash is not what its transactions come to"


def cloud_keys(state: State) -> Callable[[bytes], bytes | None]:
    """Whose blocks and headers count."""

    def key_of(signer_id: bytes) -> bytes | None:
        subject = state.subjects.get(signer_id)
        return subject.public_key if subject is not None and subject.role == CLOUD else None

    return key_of


def _check_header(state: State, file: LedgerFile, stored: StoredBlock) -> Iterator[str]:
    """The header, when there is one, is signed by the ledger's cloud, says what the block says, and follows."""
    signed, before = file.header(stored.height), file.header(stored.height - 1)
    if signed is None:
        return
    network_id = state.genesis.network_id
    try:
        _, found = message.open_as(
            header.KIND, header.LAYOUT, signed, cloud_keys(state), network_id, ed25519.verify, header.SIZE_MAX
        )
    except WireError as error:
        yield f"header {stored.height}: {error}"
        return
    previous_hash = found.previous_hash if before is None else published_hash(before)
    if stored.height == 1:
        previous_hash = FIRST
    if found != header.header_of(stored, previous_hash):
        yield f"header {stored.height}: not what its block comes to, or does not follow the one before"


def _check_signed(state: State, stored: StoredBlock, signed: bytes, previous: bytes) -> Iterator[str]:
    """The published form says the same, is signed by the ledger's cloud, and follows the one before."""

    network_id = state.genesis.network_id
    try:
        _, block = message.open_as(
            published.KIND, published.LAYOUT, signed, cloud_keys(state), network_id, ed25519.verify, published.SIZE_MAX
        )
    except WireError as error:
        yield str(error)
        return
    decisions = tuple(tuple(one) for one in block.decisions)
    said = (block.height, block.interval, block.transactions, block.statuses, decisions, block.app_hash)
    if said != tuple(stored):
        yield "not the block that was committed"
    if block.transactions_root != merkle.root(stored.transactions):
        yield "transactions_root is not that of its transactions"
    if previous and block.previous_hash != previous:
        yield "does not follow the block before"


def _check_history(state: State, file: LedgerFile, height: int) -> Iterator[str]:
    """What left the state in this block is what is kept of it. That it was dropped since is no fault."""
    leaves: dict[int, list[bytes]] = {}
    for (place, full_key), value in sorted(state.unsaved.items()):
        if place >= KEPT_BESIDE and value is not None:
            number, key, interval = place - KEPT_BESIDE, full_key[4:], int.from_bytes(full_key[:4], "big")
            leaves.setdefault(interval, []).append(row_leaf(number, key, value))
            kept = file.history.find(number, key)
            if kept is not None and kept != (interval, number, key, value):
                yield f"block {height}: {state.tables[number].name} {key.hex()} is not the row that left the state"
    state.unsaved.clear()
    roots = file.history.roots() if leaves else {}
    for interval, some in leaves.items():
        if roots.get(interval) != interval_root(some):
            yield f"block {height}: the root of interval {interval} is not that of the rows that left"


def _check_state(state: State, file: LedgerFile, height: int) -> Iterator[str]:
    if not height:
        return
    expected = {(table.number, key): table.encoded(key) for table in state.tables for key, _ in table.items()}
    stored = {(number, key): value for number, key, value in file.state()}
    for number, key in sorted(expected.keys() | stored.keys()):
        if expected.get((number, key)) != stored.get((number, key)):
            name = state.tables[number].name if 0 <= number < len(state.tables) else f"table {number}"
            yield f"state: {name} {key.hex()} is not what the blocks come to"
