"""
A Snapshot is the whole state at one height, in chunks: a node that joins late takes it from the others (state sync)
and trusts it only because its app hash comes out as the header's.

The same state gives the same bytes on every node. metadata: the SHA-256 of every chunk in a row; hash: the SHA-256 of
the metadata, so that a bad chunk is known on arrival.
"""

import os
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import cbor2

from chain.embedded import load_state
from chain.errors import LedgerCorrupt, LedgerError
from chain.genesis import Genesis
from chain.ledger_file import SCHEMA, LedgerFile
from chain.state import NOW, State

FORMAT = 1
CHUNK_BYTES = 1 << 20
CHUNKS_MAX = 65_536
KEPT = 2  # the latest ones


class Offer(NamedTuple):
    """One snapshot as the nodes speak of it."""

    height: int
    format: int
    chunks: int
    hash: bytes
    metadata: bytes

    @property
    def digests(self) -> list[bytes]:
        """Of each chunk."""
        return [self.metadata[at : at + 32] for at in range(0, len(self.metadata), 32)]

    @property
    def is_sound(self) -> bool:
        return (
            self.format == FORMAT
            and 0 < self.chunks <= CHUNKS_MAX
            and len(self.metadata) == 32 * self.chunks
            and sha256(self.metadata).digest() == self.hash
        )


def pack(state: State) -> bytes:
    """Every row of the state, ascending."""
    return cbor2.dumps([[table.number, key, table.encoded(key)] for table in state.tables for key, _ in table.items()])


class Snapshots:
    """Those in one directory, a file each, named by height."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._offers: dict[int, Offer] = {}
        directory.mkdir(parents=True, exist_ok=True)

    def take(self, height: int, state: State) -> None:
        """Write the state as of this height; the oldest go."""
        part = self._directory / "part"
        with part.open("wb") as file:
            file.write(pack(state))
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._path(height))
        for old in self.heights()[:-KEPT]:
            self._path(old).unlink()

    def heights(self) -> list[int]:
        return sorted(int(path.stem) for path in self._directory.glob("*.cbor"))

    def offers(self) -> list[Offer]:
        """Of each; a file is read once."""
        self._offers = {height: self._offers.get(height) or self._read(height) for height in self.heights()}
        return list(self._offers.values())

    def _read(self, height: int) -> Offer:
        content = self._path(height).read_bytes()
        digests = [sha256(content[at : at + CHUNK_BYTES]).digest() for at in range(0, len(content), CHUNK_BYTES)]
        metadata = b"".join(digests)
        return Offer(height, FORMAT, len(digests), sha256(metadata).digest(), metadata)

    def chunk(self, height: int, number: int) -> bytes:
        """Empty when it is not there (any more)."""
        try:
            with self._path(height).open("rb") as file:
                file.seek(number * CHUNK_BYTES)
                return file.read(CHUNK_BYTES)
        except FileNotFoundError:
            return b""

    def _path(self, height: int) -> Path:
        return self._directory / f"{height}.cbor"


class Restoration:
    """A snapshot on its way in. app_hash: what a light client says stands in the header after its height."""

    def __init__(self, offer: Offer, app_hash: bytes) -> None:
        self.offer = offer
        self._app_hash = app_hash
        self._chunks: dict[int, bytes] = {}

    def add(self, number: int, chunk: bytes) -> bool:
        """False for a chunk that is not the one that was offered."""
        digests = self.offer.digests
        if not 0 <= number < len(digests) or sha256(chunk).digest() != digests[number]:
            return False
        self._chunks[number] = chunk
        return True

    @property
    def is_complete(self) -> bool:
        return len(self._chunks) == self.offer.chunks

    def restore(self, path: Path, genesis: Genesis) -> None:
        """
        Make the ledger file at `path` from it; nothing is there before or when it fails.

        Raises LedgerError: not a state, another genesis, not the app hash it should have.
        """
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        rows = rows_of(b"".join(self._chunks[number] for number in range(self.offer.chunks)))
        try:
            _write(part, rows, self.offer.height, self._app_hash)
            file = LedgerFile(part, is_writing=False)
            try:
                load_state(file, genesis)
            finally:
                file.close()
        except (sqlite3.Error, LedgerError) as error:
            part.unlink(missing_ok=True)
            raise LedgerError(f"the snapshot of height {self.offer.height}: {error}") from error
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        part.rename(path)


def rows_of(content: bytes) -> list[Any]:
    try:
        rows = cbor2.loads(content)
    except (cbor2.CBORDecodeError, ValueError) as error:
        raise LedgerCorrupt(f"the snapshot is no CBOR: {error}") from error
    kinds = (int, bytes, bytes)
    if not isinstance(rows, list) or any(not isinstance(r, list) or tuple(map(type, r)) != kinds for r in rows):
        raise LedgerCorrupt("the snapshot is no list of rows")
    return rows


def _write(path: Path, rows: list[Any], height: int, app_hash: bytes) -> None:
    """A ledger file whose first block is an empty one at `height`, as chain/ledger_file.py writes them."""
    interval = next((cbor2.loads(value)[0] for number, key, value in rows if (number, key) == (0, NOW)), 0)
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(SCHEMA)
        database.executemany("INSERT INTO state VALUES (?, ?, ?)", rows)
        content = cbor2.dumps([interval, [], [], [], app_hash])
        database.execute("INSERT INTO blocks (height, content) VALUES (?, ?)", (height, content))
        database.commit()
    finally:
        database.close()
