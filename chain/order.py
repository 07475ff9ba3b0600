"""The one order in which a block applies its transactions: whatever order they came in, the block is the same."""

from collections.abc import Callable, Iterable
from hashlib import sha256

from chain.opened import Opened, open_transaction
from wire import kind

RANK = {number: rank for rank, number in enumerate(kind.TRANSACTIONS)}
# Everywhere else it is the nonce.
COUNTER = {kind.LIGHT_BLOCK: "number", kind.RECEIPT: "command_sequence", kind.ROTATION: "made_s"}
Place = tuple[int, bytes, int, bytes]
Open = Callable[[bytes], Opened]


def _place(opened: Opened) -> Place:
    digest = sha256(opened.transaction).digest()
    envelope = opened.envelope
    if envelope is None:
        return len(RANK), b"", 0, digest
    counter = getattr(opened.content, COUNTER.get(envelope.kind, "nonce"))
    return RANK[envelope.kind], envelope.signer_id, counter, digest


def in_order(transactions: Iterable[bytes], open_one: Open = open_transaction) -> list[Opened]:
    """The transactions opened, each once: by kind, signer, nonce (or number), hash; what is none comes last."""
    return sorted(map(open_one, set(transactions)), key=_place)


def order(transactions: Iterable[bytes]) -> list[bytes]:
    """The same as signed."""
    return [opened.transaction for opened in in_order(transactions)]
