"""
The EmbeddedLedger drives the state machine on one SQLite file: the default engine. What `commit` returned is on the
disk, state and block together; a crash at any moment leaves the block before.
"""

import gc
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from chain import ed25519
from chain.errors import LedgerCorrupt, LedgerError, WrongGenesis
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile, StoredBlock
from chain.order import in_order
from chain.prove import prove
from chain.state import State
from chain.status import Status
from chain.transition import Verify, apply_opened
from wire import merkle
from wire.block import Decision


@contextmanager
def without_collector() -> Iterator[None]:
    """
    The cyclic collector rests: the state has no cycles, and a block's many new rows would have it walk all of them,
    so that a large ledger would pay more for each reading than a small one.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class CommittedBlock(NamedTuple):
    """One height of the ledger."""

    height: int  # the first is 1
    interval: int  # the ledger's time after it
    transactions: tuple[bytes, ...]  # in the order they were applied
    statuses: tuple[Status, ...]
    decisions: tuple[Any, ...]  # wire.block.Decision
    app_hash: bytes

    @property
    def transactions_root(self) -> bytes:
        """As it stands in the published block."""
        return merkle.root(self.transactions)


class EmbeddedLedger:
    """A ledger open for writing. One process at a time has it."""

    def __init__(self, file: LedgerFile, state: State, verify: Verify) -> None:
        self._file = file
        self._verify = verify
        self.state = state
        self.height = file.height()
        self.refused: dict[bytes, Status] = {}  # what the last submission left out of every block

    @classmethod
    def open(cls, path: str | Path, genesis: Genesis, verify: Verify = ed25519.verify) -> "EmbeddedLedger":
        """
        The ledger in the file at `path`, made when it is not there.

        Raises LedgerBusy, WrongGenesis, LedgerCorrupt.
        """
        file = LedgerFile(path, is_writing=True)
        try:
            return cls(file, load_state(file, genesis), verify)
        except LedgerError:
            file.close()
            raise

    def close(self) -> None:
        self._file.close()

    @property
    def interval(self) -> int:
        """The market interval that is open."""
        return self.state.interval

    @property
    def app_hash(self) -> bytes:
        return self.state.app_hash

    def commit(self, transactions: Iterable[bytes]) -> CommittedBlock:
        """
        Put the transactions into their order, apply them as the next block and make it durable.

        Raises LedgerError when the disk does not take it: nothing has happened then.
        """
        opened = in_order(transactions)
        with without_collector():
            statuses, decisions, app_hash = apply_opened(self.state, opened, self._verify)
        ordered = tuple([one.transaction for one in opened])
        block = CommittedBlock(self.height + 1, self.interval, ordered, statuses, decisions, app_hash)
        try:
            self._file.append(StoredBlock(*block), self.state.unsaved)
        except sqlite3.Error as error:
            self.state = load_state(self._file, self.state.genesis)
            raise LedgerError(f"block {block.height} was not written: {error}") from error
        self.state.unsaved.clear()
        self.height = block.height
        return block

    def submit(self, transactions: Iterable[bytes]) -> list[CommittedBlock]:
        """What every engine does with transactions: the blocks they are in. Here there is no one to agree with."""
        return [self.commit(transactions)]

    def catch_up(self) -> list[CommittedBlock]:
        """Blocks that somebody else made meanwhile."""
        return []

    def offences(self) -> Sequence[tuple[bytes, ...]]:
        """Double votes of validators that are not on record (chain/double_vote.py): nobody votes here."""
        return ()

    def block(self, height: int) -> CommittedBlock | None:
        stored = self._file.block(height)
        return None if stored is None else committed(stored)

    def store_signed(self, height: int, signed: bytes) -> None:
        """Keep the block of this height as it is published."""
        self._file.store_signed(height, signed)

    def signed(self, height: int) -> bytes | None:
        """The block as it was published; None when it was not signed yet (a crash came between), or is not there."""
        return self._file.signed(height)

    def store_header(self, height: int, signed: bytes) -> None:
        """Keep the header of this height as it is published (wire/header.py)."""
        self._file.store_header(height, signed)

    def header(self, height: int) -> bytes | None:
        """The header as it was published; None when it was not signed yet, or is not there."""
        return self._file.header(height)

    def prove(self, number: int, key: bytes) -> bytes:
        """An encoded wire.proof.Proof of what the state, or what left it, says of a row; with the latest header."""
        return prove(self.state, self._file, number, key, self.header(self.height) or b"")


def committed(stored: StoredBlock) -> CommittedBlock:
    statuses = tuple(Status(number) for number in stored.statuses)
    decisions = tuple(Decision(*row) for row in stored.decisions)
    return CommittedBlock(stored.height, stored.interval, stored.transactions, statuses, decisions, stored.app_hash)


def load_state(file: LedgerFile, genesis: Genesis) -> State:
    """The state as stored, its app hash worked out anew and compared with the last block's."""
    last = file.block(file.height())
    if last is None:
        return State.begin(genesis)
    state = State(genesis)
    for number, key, value in file.state():
        if not 0 <= number < len(state.tables):
            raise LedgerCorrupt(f"there is no table {number}")
        state.tables[number].load(key, value)
    app_hash = state.seal()
    state.unsaved.clear()
    digest = state.genesis_digest.get(b"")
    if app_hash != last.app_hash:
        raise LedgerCorrupt(f"the stored state is not that of block {last.height}")
    if digest is None or digest.digest != genesis.digest:
        raise WrongGenesis("the ledger was begun with another genesis")
    return state
