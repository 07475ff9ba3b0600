"""The full node's key on the ledger: each transaction it sends carries the next of its nonces, in the order applied."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from link.keys import Signer
from wire import message
from wire.schema import Layout


class Draft(NamedTuple):
    """A transaction of the cloud without its nonce. fields: those after the nonce."""

    kind: int
    layout: Layout
    fields: tuple[Any, ...]


def sign_all(drafts: Sequence[Draft], last_nonce: int, signer: Signer, network_id: bytes) -> list[bytes]:
    """The drafts as signed transactions with the nonces after `last_nonce`."""
    return [
        message.seal(draft.kind, draft.layout, (nonce, *draft.fields), signer.identity, network_id, signer.sign)
        for nonce, draft in enumerate(drafts, start=last_nonce + 1)
    ]
