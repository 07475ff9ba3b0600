"""
Following the ledger as a light node: headers, each signed by the full node and naming the
one before, and of each block our area's part. Pure. Every transaction, what became of it
and every decision stands under a root of the header, or the part is refused.

Not checked here: that nothing of our area was left out. What a full node withholds is
missed by who waits for it: a light block is offered again, a device without a decision
falls back to its safe state.
"""

from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from wire import area_block, cbor, header, message
from wire.area_block import AreaBlock
from wire.merkle_part import root_of
from wire.schema import plain

from .refusal import Refused
from .registry import Verify


class Head(NamedTuple):
    """The last header followed. hash: SHA-256 over it as signed; zeros before the first."""

    height: int
    hash: bytes


class Part(NamedTuple):
    """Our area's part of one block, verified."""

    height: int
    interval: int
    transactions: tuple[bytes, ...]
    statuses: tuple[int, ...]
    decisions: tuple[Any, ...]  # wire.block.Decision


class Next(NamedTuple):
    """What comes after the head. data: as it was sent."""

    block: Part
    head: Head
    data: bytes


class Gap(NamedTuple):
    """Headers from `from_height` on are missing: fetch them."""

    from_height: int


class Same(NamedTuple):
    """The head itself once more: the full node has no later one."""


def follow(
    data: bytes, head: Head, cloud_id: bytes, cloud_key: bytes, network_id: bytes, verify: Verify
) -> Next | Gap | Same | None:
    """
    What an area block means to whoever stands at `head`; None for one that was followed long ago.

    Raises WireError (unknown_signer for a header of anybody but the full node), Refused wrong_block, fork.
    """
    part: AreaBlock = message.decode(area_block.LAYOUT, data, area_block.SIZE_MAX)
    _, found = message.open_as(
        header.KIND,
        header.LAYOUT,
        part.header,
        lambda signer: cloud_key if signer == cloud_id else None,
        network_id,
        verify,
        header.SIZE_MAX,
    )
    digest = sha256(part.header).digest()
    if found.height < head.height:
        return None
    if found.height == head.height:
        if digest != head.hash:
            raise Refused("fork", f"height {found.height}")
        return Same()
    if found.height > head.height + 1:
        return Gap(head.height + 1)
    if found.previous_hash != head.hash:
        raise Refused("fork", f"height {found.height} does not follow ours")
    check_part(part, found)
    transactions = tuple(one.transaction for one in part.transactions)
    statuses = tuple(one.status for one in part.transactions)
    decisions = tuple(one.decision for one in part.decisions)
    block = Part(found.height, found.interval, transactions, statuses, decisions)
    return Next(block, Head(found.height, digest), data)


def check_part(part: AreaBlock, found: Any) -> None:
    """Raises Refused unless all of the part stands under the header's roots, each once, in the order of the block."""
    count, shown = part.transaction_count, part.transactions
    outcomes = {
        one.index: header.outcome_leaf(sha256(one.transaction).digest(), one.status) for one in part.transactions
    }
    decisions = {one.index: cbor.encode(plain(one.decision)) for one in part.decisions}
    roots = (
        ("transactions_root", count, {one.index: one.transaction for one in shown}, part.beside_transactions),
        ("outcomes_root", count, outcomes, part.beside_outcomes),
        ("decisions_root", part.decision_count, decisions, part.beside_decisions),
    )
    for indices in ([one.index for one in shown], [one.index for one in part.decisions]):
        if any(before >= after for before, after in pairwise(indices)):
            raise Refused("wrong_block", "order")
    for name, of, leaves, beside in roots:
        if root_of(of, leaves, beside) != getattr(found, name):
            raise Refused("wrong_block", name)
