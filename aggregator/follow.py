"""
Following the ledger as a light node: which block comes next, and is it the full node's.
Pure. A light node trusts the full node's signature for what was applied and decided; it
checks that the blocks are one chain and that the transactions are those the block names.
"""

from hashlib import sha256
from typing import NamedTuple

from wire import block, merkle, message

from .refusal import Refused
from .registry import Verify


class Head(NamedTuple):
    """The last block followed. hash: SHA-256 over it as signed; zeros before the first."""

    height: int
    hash: bytes


class Next(NamedTuple):
    """The block after the head, verified."""

    block: block.Block
    head: Head


class Gap(NamedTuple):
    """Blocks from `from_height` on are missing: fetch them."""

    from_height: int


class Same(NamedTuple):
    """The head itself once more: the full node has no later one."""


def follow(
    data: bytes, head: Head, cloud_id: bytes, cloud_key: bytes, network_id: bytes, verify: Verify
) -> Next | Gap | Same | None:
    """
    What a published block means to whoever stands at `head`; None for one that was followed long ago.

    Raises WireError (unknown_signer for a block of anybody but the full node), Refused wrong_block, fork.
    """
    _, found = message.open_as(
        block.KIND,
        block.LAYOUT,
        data,
        lambda signer: cloud_key if signer == cloud_id else None,
        network_id,
        verify,
        block.SIZE_MAX,
    )
    digest = sha256(data).digest()
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
    if len(found.statuses) != len(found.transactions):
        raise Refused("wrong_block", "as many statuses as transactions")
    if merkle.root(found.transactions) != found.transactions_root:
        raise Refused("wrong_block", "transactions_root")
    return Next(found, Head(found.height, digest))
