"""The one order in which a block applies its transactions: whatever order they came in, the block is the same."""

from collections.abc import Iterable
from hashlib import sha256

from wire import cbor, cose, kind
from wire.errors import WireError

RANK = {number: rank for rank, number in enumerate(kind.TRANSACTIONS)}
# A receipt's own number among its signer's is its third field (command_sequence); everywhere else it is the first.
COUNTER = {kind.RECEIPT: 2}
Place = tuple[int, bytes, int, bytes]


def _place(transaction: bytes) -> Place:
    digest = sha256(transaction).digest()
    try:
        envelope = cose.open_envelope(transaction)
        fields = cbor.decode(envelope.payload, cose.SIZE_MAX)
    except WireError:
        return len(RANK), b"", 0, digest
    at = COUNTER.get(envelope.kind, 0)
    counter = fields[at] if isinstance(fields, list) and len(fields) > at else 0
    rank = RANK.get(envelope.kind, len(RANK))
    return rank, envelope.signer_id, counter if isinstance(counter, int) else 0, digest


def order(transactions: Iterable[bytes]) -> list[bytes]:
    """The transactions without duplicates, by kind, signer, nonce (or number), hash."""
    return sorted(set(transactions), key=_place)
