"""
The state machine: the same transactions in the same order give the same statuses, decisions and app hash on every
engine, wherever the block boundaries fall. No I/O, no clock, integers only.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from chain import ed25519
from chain.keys import still_told_under
from chain.ledgers import MEMBER, TAKES, may_write
from chain.opened import Opened, open_transaction
from chain.rules import OPERATOR, Rule, Sent
from chain.state import LAST_DECISION, Number, State, Subject, u64
from chain.status import Status
from wire import cose, kind
from wire.interval import interval_of

Verify = Callable[[bytes, bytes, bytes], bool]
NONE_YET = Number(0)


class BlockResult(NamedTuple):
    """What became of one block's transactions, in their order, and what contracts decided in it."""

    statuses: tuple[Status, ...]
    decisions: tuple[Any, ...]  # wire.block.Decision
    app_hash: bytes


def apply_block(state: State, transactions: Sequence[bytes], verify: Verify = ed25519.verify) -> BlockResult:
    """Apply each transaction or refuse it by name; verify(public_key, message, signature) -> bool."""
    return apply_opened(state, map(open_transaction, transactions), verify)


def apply_opened(state: State, transactions: Iterable[Opened], verify: Verify = ed25519.verify) -> BlockResult:
    """The same for transactions that are decoded already."""
    first = state.time.get(LAST_DECISION, NONE_YET).number + 1
    statuses = tuple([_apply(state, opened, verify) for opened in transactions])
    last = state.time.get(LAST_DECISION, NONE_YET).number
    decisions = tuple([state.decisions.get(u64(number)) for number in range(first, last + 1)])
    return BlockResult(statuses, decisions, state.seal())


def _apply(state: State, opened: Opened, verify: Verify) -> Status:
    transaction, status, rule, envelope, content = opened
    if rule is None:
        return status
    signer = signer_of(state, envelope.signer_id)
    if signer is None:
        return Status.UNKNOWN_SIGNER
    status = check_signed(state, opened, signer, verify)
    if status is not Status.APPLIED:
        return status
    return _apply_sent(state, rule, Sent(transaction, envelope.signer_id, signer, content))


def signer_of(state: State, signer_id: bytes) -> Subject | None:
    """None for a stranger."""
    if signer_id == state.genesis.operator_id:
        return Subject(OPERATOR, state.genesis.operator_public_key, bytes(8), bytes(8), 0)
    return state.subjects.get(signer_id)


def check_signed(state: State, opened: Opened, signer: Subject, verify: Verify) -> Status:
    """What every kind passes before its own rule, nonces aside; APPLIED when nothing speaks against it."""
    assert opened.rule is not None
    envelope = opened.envelope
    signed = cose.signature_input(envelope.protected, envelope.payload, state.genesis.network_id)
    if not verify(signer.public_key, signed, envelope.signature) and not any(
        verify(former, signed, envelope.signature) for former in _former_keys(state, opened)
    ):
        return Status.BAD_SIGNATURE
    if envelope.signer_id in state.revoked:
        return Status.SIGNER_REVOKED
    if signer.role not in opened.rule.roles:
        return Status.NOT_PERMITTED
    if envelope.kind not in TAKES[state.genesis.ledger_kind]:
        return Status.KIND_NOT_TAKEN
    if signer.role == MEMBER and not may_write(state.members.get(envelope.signer_id), envelope.kind):
        return Status.RIGHT_MISSING
    return Status.APPLIED


def _former_keys(state: State, opened: Opened) -> list[bytes]:
    """Of a device that acted before it heard that its next key is in force."""
    if opened.envelope.kind != kind.RECEIPT:
        return []
    return still_told_under(state, opened.envelope.signer_id, interval_of(opened.content.acted_s))


def _apply_sent(state: State, rule: Rule, sent: Sent) -> Status:
    """The nonce is used up by the transaction that is applied; a refused one leaves the state as it was.

    Who is gone after it (a settlement key that spent its last) needs none.
    """
    if not rule.has_nonce:
        return rule.apply(state, sent)
    used = state.nonces.get(sent.signer_id, NONE_YET).number
    if sent.message.nonce <= used:
        return Status.NONCE_STALE
    if sent.message.nonce != used + 1:
        return Status.NONCE_GAP
    status = rule.apply(state, sent)
    if status is Status.APPLIED and signer_of(state, sent.signer_id) is not None:
        state.nonces.put(sent.signer_id, Number(sent.message.nonce))
    return status
