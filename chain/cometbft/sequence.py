"""
Which transactions of one signer may follow one another: by its nonce, or for a light block by its number. A block that
holds one out of turn would only refuse it, so the door and the proposal look here first.
"""

from typing import NamedTuple

from chain import query
from chain.opened import Opened
from chain.state import State, u32
from chain.status import Status
from wire import kind

AHEAD_MAX = 1024  # how far before its turn a transaction may wait in the mempool


class Turn(NamedTuple):
    """signer: what counts on its own; last: its last number on the ledger; number: this transaction's."""

    signer: tuple[int, bytes]
    last: int
    number: int


def turn(state: State, opened: Opened) -> Turn | None:
    """None for what comes in any order."""
    assert opened.rule is not None
    signer_id = opened.envelope.signer_id
    if opened.rule.has_nonce:
        return Turn((0, signer_id), query.nonce(state, signer_id), opened.content.nonce)
    if opened.envelope.kind == kind.LIGHT_BLOCK:
        return Turn((1, signer_id), query.light_block_head(state, signer_id)[0], opened.content.number)
    return None


def refusal(state: State, opened: Opened) -> Status:
    """Why this transaction can never be applied, or not soon; APPLIED when nothing speaks against it."""
    place = turn(state, opened)
    if place is None:
        return Status.RECEIPT_KNOWN if _is_known_receipt(state, opened) else Status.APPLIED
    is_light_block = place.signer[0] == 1
    if place.number <= place.last:
        return Status.NUMBER_STALE if is_light_block else Status.NONCE_STALE
    if place.number > place.last + AHEAD_MAX:
        return Status.NUMBER_GAP if is_light_block else Status.NONCE_GAP
    return Status.APPLIED


def in_turn(state: State, ordered: list[Opened]) -> list[Opened]:
    """Those that are the next of their signer when applied in this order; the others wait for a later block."""
    last: dict[tuple[int, bytes], int] = {}
    taken = []
    for opened in ordered:
        place = turn(state, opened)
        if place is not None:
            if place.number != last.get(place.signer, place.last) + 1:
                continue
            last[place.signer] = place.number
        taken.append(opened)
    return taken


def _is_known_receipt(state: State, opened: Opened) -> bool:
    if opened.envelope.kind != kind.RECEIPT:
        return False
    return opened.envelope.signer_id + u32(opened.content.command_sequence) in state.receipts
