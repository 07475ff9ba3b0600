"""
The Door is CheckTx: what of the untrusted bytes at the RPC and from other nodes may wait for a block. It keeps out
what can never be applied, so that blocks are not filled with refusals; the block decides, not the door.
"""

from chain.cometbft import sequence
from chain.opened import Opened
from chain.order import Open
from chain.state import State, Subject
from chain.status import Status
from chain.transition import Verify, check_signed, signer_of
from wire import kind


class Door:
    """Who was registered by a transaction that still waits is known here already, until the next block."""

    def __init__(self, verify: Verify, open_one: Open) -> None:
        self._verify = verify
        self._open = open_one
        self._awaited: dict[bytes, Subject] = {}

    def check(self, state: State, transaction: bytes) -> Status:
        """APPLIED lets it in. The cheap checks come first: a replay costs no verification."""
        opened = self._open(transaction)
        if opened.rule is None:
            return opened.status
        signer_id = opened.envelope.signer_id
        signer = signer_of(state, signer_id) or self._awaited.get(signer_id)
        if signer is None:
            return Status.UNKNOWN_SIGNER
        status = sequence.refusal(state, opened)
        if status is Status.APPLIED:
            status = check_signed(state, opened, signer, self._verify)
        if status is Status.APPLIED and opened.envelope.kind == kind.REGISTRATION:
            self._await(opened)
        return status

    def check_again(self, state: State, transaction: bytes) -> Status:
        """
        After a block, of what `check` let in before it and still waits: whether it is too late now, or its signer out.
        Its signature was good.
        """
        opened = self._open(transaction)
        if opened.rule is None:
            return opened.status
        signer_id = opened.envelope.signer_id
        if signer_of(state, signer_id) is None and signer_id not in self._awaited:
            return Status.UNKNOWN_SIGNER
        if signer_id in state.revoked:
            return Status.SIGNER_REVOKED
        status = sequence.refusal(state, opened)
        if status is Status.APPLIED and opened.envelope.kind == kind.REGISTRATION:
            self._await(opened)
        return status

    def _await(self, opened: Opened) -> None:
        """The operator signed it: its subject may hand in transactions of its own for the same block."""
        named = opened.content
        self._awaited[named.subject_id] = Subject(
            named.role, named.public_key, named.owner_id, named.area_id, named.energy_type
        )

    def block_is_over(self) -> None:
        """CometBFT checks what still waits again after each block; only that counts then."""
        self._awaited.clear()
