"""
What of a block concerns which area. Light nodes are sent the header and their area's part of each block, which they
check against the header; whole blocks are for whoever keeps or verifies a ledger.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256

from chain.embedded import CommittedBlock
from chain.opened import open_transaction
from chain.state import State, u32
from wire import area_block, cbor, header, kind, message
from wire.area_block import AreaBlock, Decided, Transaction
from wire.merkle_part import Tree
from wire.registration import AGGREGATOR
from wire.schema import plain

NOWHERE = bytes(8)


def areas(state: State) -> list[bytes]:
    """Every area of the ledger, ascending."""
    return sorted({subject.area_id for _, subject in state.subjects.items() if subject.role == AGGREGATOR})


def area_of(state: State, transaction: bytes) -> bytes:
    """The area whose light node has to see a transaction, applied or not; NOWHERE for none."""
    opened = open_transaction(transaction)
    if opened.envelope is None:
        return NOWHERE
    content, number = opened.content, opened.envelope.kind
    if number == kind.REGISTRATION:
        return content.area_id
    if number in (kind.ROTATION, kind.REVOCATION):
        return _area_of_subject(state, content.subject_id)
    if number == kind.CONTRACT:
        return _area_of_subject(state, content.device_id)
    if number == kind.CLOSE_CONTRACT:
        agreement = state.contracts.get(u32(content.contract_id))
        return NOWHERE if agreement is None else _area_of_subject(state, agreement.device_id)
    return _area_of_subject(state, opened.envelope.signer_id)


def _area_of_subject(state: State, subject_id: bytes) -> bytes:
    subject = state.subjects.get(subject_id)
    return NOWHERE if subject is None else subject.area_id


class Parts:
    """One block, divided by area. signed_header: that of the block."""

    def __init__(self, state: State, committed: CommittedBlock, signed_header: bytes) -> None:
        self._committed, self._header = committed, signed_header
        self._transactions: Mapping[bytes, list[int]] = _by(
            [area_of(state, transaction) for transaction in committed.transactions]
        )
        self._decisions: Mapping[bytes, list[int]] = _by([decision.area_id for decision in committed.decisions])

    @cached_property
    def _trees(self) -> tuple[Tree, Tree, Tree]:
        block = self._committed
        outcomes = [
            header.outcome_leaf(sha256(transaction).digest(), int(status))
            for transaction, status in zip(block.transactions, block.statuses, strict=True)
        ]
        decisions = [cbor.encode(plain(decision)) for decision in block.decisions]
        return Tree(block.transactions), Tree(outcomes), Tree(decisions)

    def of_area(self, area_id: bytes) -> bytes:
        """The encoded AreaBlock: a header and a few hashes where the block has nothing for the area."""
        block = self._committed
        mine, decided = self._transactions.get(area_id, []), self._decisions.get(area_id, [])
        transactions, outcomes, decisions = self._trees
        content = AreaBlock(
            self._header,
            len(block.transactions),
            tuple(Transaction(index, block.transactions[index], int(block.statuses[index])) for index in mine),
            tuple(transactions.others(set(mine))),
            tuple(outcomes.others(set(mine))),
            len(block.decisions),
            tuple(Decided(index, block.decisions[index]) for index in decided),
            tuple(decisions.others(set(decided))),
        )
        return message.encode(area_block.LAYOUT, content)


def _by(areas_of_items: list[bytes]) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = defaultdict(list)
    for index, area_id in enumerate(areas_of_items):
        found[area_id].append(index)
    return found
