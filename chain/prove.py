"""
Making proofs (wire/proof.py; docs/proofs.md): what the state says of a row, what left it with its interval, that a
reading is in a light block, and what became of a transaction. `phone/` checks them and shares no code with this.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from chain.archive import ROOT, row_leaf
from chain.history import Row
from chain.ledger_file import LedgerFile
from chain.state import State
from wire import cbor, header, merkle, message, proof
from wire.light_block import LightBlock
from wire.proof import ArchivedRow, MerklePath, Proof, StateProof
from wire.schema import plain


def state_proof(state: State, number: int, key: bytes) -> StateProof:
    """Of a row that is there, or of there being none; as of the last `seal`."""
    beside, leaf = state.walk(number, key)
    bits = bytearray(-(-len(beside) // 8))
    for depth, sibling in enumerate(beside):
        if any(sibling):
            bits[depth >> 3] |= 128 >> (depth & 7)
    siblings = tuple(sibling for sibling in beside if any(sibling))
    value = state.tables[number].encoded(key)
    if value is not None:
        end, shown = proof.ROW, value
    elif leaf is None:
        end, shown = proof.NOTHING, b""
    else:
        end, shown = proof.OTHER, leaf
    return StateProof(number, key, len(beside), bytes(bits), siblings, end, shown)


def path_to(leaves: Sequence[bytes], index: int) -> MerklePath:
    return MerklePath(index, len(leaves), tuple(merkle.proof(leaves, index)))


def prove(state: State, file: LedgerFile, number: int, key: bytes, signed_header: bytes) -> bytes:
    """The proof of a row, encoded: of one that left the state by what is kept of it, else by the state itself."""
    row = None if key in state.tables[number] else file.history.find(number, key)
    if row is None:
        found = Proof(signed_header, (state_proof(state, number, key),), (), b"", ())
    else:
        anchor = state_proof(state, state.archive.number, ROOT)
        found = Proof(signed_header, (anchor,), (_archived(state, file, row),), b"", ())
    return message.encode(proof.LAYOUT, found)


def _archived(state: State, file: LedgerFile, row: Row) -> ArchivedRow:
    leaves = [row_leaf(*other[1:]) for other in file.history.of_interval(row.interval)]
    of_row = path_to(leaves, leaves.index(row_leaf(*row[1:])))
    roots, start = file.history.roots(), state.genesis.start_interval
    count = state.archive.get(ROOT).leaf_count
    intervals = [roots.get(interval, merkle.EMPTY_ROOT) for interval in range(start, start + count)]
    of_interval = path_to(intervals, row.interval - start)
    return ArchivedRow(row.number, row.key, row.value, of_row, roots[row.interval], of_interval)


def root_key(block: LightBlock) -> bytes:
    """Where the state keeps what a light block says of its readings."""
    return block.area_id + block.window_start_s.to_bytes(8, "big") + block.part.to_bytes(2, "big")


def with_reading(row: bytes, leaf: bytes, place: MerklePath) -> bytes:
    """The proof of a light block's root, and that a reading stands under it: its place is the aggregator's to know."""
    found = message.decode(proof.LAYOUT, row, proof.SIZE_MAX)
    return message.encode(proof.LAYOUT, found._replace(leaf=leaf, place=(place,)))


def outcome(transactions: Sequence[bytes], statuses: Sequence[int], index: int, signed_header: bytes) -> bytes:
    """The proof of what became of one transaction of a block."""
    leaves = [
        header.outcome_leaf(sha256(one).digest(), int(status))
        for one, status in zip(transactions, statuses, strict=True)
    ]
    return _under_header(leaves, index, signed_header)


def decision(decisions: Sequence[Any], index: int, signed_header: bytes) -> bytes:
    """The proof of what a contract decided in a block."""
    return _under_header([cbor.encode(plain(one)) for one in decisions], index, signed_header)


def _under_header(leaves: Sequence[bytes], index: int, signed_header: bytes) -> bytes:
    return message.encode(proof.LAYOUT, Proof(signed_header, (), (), leaves[index], (path_to(leaves, index),)))
