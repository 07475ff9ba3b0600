"""
The Door is CheckTx: what of the untrusted bytes at the RPC and from other nodes may wait for a block. It keeps out
what can never be applied, so that blocks are not filled with refusals; the block decides, not the door.
"""

from chain.cometbft import sequence
from chain.cometbft.verified import Verified
from chain.opened import Opened, open_transaction
from chain.rules import OPERATOR
from chain.state import State, Subject, u32
from chain.status import Status
from wire import cose, kind


class Door:
    """Who was registered by a transaction that still waits is known here already, until the next block."""

    def __init__(self, verify: Verified) -> None:
        self._verify = verify
        self._awaited: dict[bytes, Subject] = {}

    def check(self, state: State, transaction: bytes) -> Status:
        """APPLIED lets it in. The cheap checks come first: a replay costs no verification."""
        opened = open_transaction(transaction)
        if opened.rule is None:
            return opened.status
        signer = self._signer(state, opened.envelope.signer_id)
        if signer is None:
            return Status.UNKNOWN_SIGNER
        if signer.role not in opened.rule.roles:
            return Status.NOT_PERMITTED
        status = sequence.refusal(state, opened)
        if status is not Status.APPLIED:
            return status
        if _is_known_receipt(state, opened):
            return Status.RECEIPT_KNOWN
        return self._check_signature(state, opened, signer)

    def _check_signature(self, state: State, opened: Opened, signer: Subject) -> Status:
        envelope = opened.envelope
        signed = cose.signature_input(envelope.protected, envelope.payload, state.genesis.network_id)
        if not self._verify(signer.public_key, signed, envelope.signature):
            return Status.BAD_SIGNATURE
        if envelope.kind == kind.REGISTRATION:
            self._await(opened)
        return Status.APPLIED

    def _signer(self, state: State, signer_id: bytes) -> Subject | None:
        if signer_id == state.genesis.operator_id:
            return Subject(OPERATOR, state.genesis.operator_public_key, bytes(8), bytes(8), 0)
        return state.subjects.get(signer_id) or self._awaited.get(signer_id)

    def _await(self, opened: Opened) -> None:
        """The operator signed it: its subject may hand in transactions of its own for the same block."""
        named = opened.content
        self._awaited[named.subject_id] = Subject(
            named.role, named.public_key, named.owner_id, named.area_id, named.energy_type
        )

    def block_is_over(self) -> None:
        """CometBFT checks what still waits again after each block; only that counts then."""
        self._awaited.clear()


def _is_known_receipt(state: State, opened: Opened) -> bool:
    if opened.envelope.kind != kind.RECEIPT:
        return False
    return opened.envelope.signer_id + u32(opened.content.command_sequence) in state.receipts
