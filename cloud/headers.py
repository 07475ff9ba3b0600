"""
The headers the full node signs, one for each block: what a phone follows instead of blocks. They are a chain of their
own, and as durable as the blocks: one that a crash prevented is signed at the next start.
"""

from hashlib import sha256

from chain.embedded import CommittedBlock, EmbeddedLedger
from chain.genesis import Genesis
from link.keys import Signer
from wire import header, message


class Headers:
    """latest: the last one as signed; empty before the first block."""

    def __init__(self, ledger: EmbeddedLedger, genesis: Genesis, signer: Signer) -> None:
        self._ledger = ledger
        self._network_id = genesis.network_id
        self._signer = signer
        self.latest = b""
        self._sign_missing()

    def _sign_missing(self) -> None:
        height = self._ledger.height
        while height and self._ledger.header(height) is None and self._ledger.block(height) is not None:
            height -= 1
        self.latest = self._ledger.header(height) or b""
        for missing in range(height + 1, self._ledger.height + 1):
            committed = self._ledger.block(missing)
            assert committed is not None
            self.sign(committed)

    def sign(self, committed: CommittedBlock) -> bytes:
        """The header of the next block, on the disk."""
        previous_hash = sha256(self.latest).digest() if self.latest else bytes(32)
        content = header.header_of(committed, previous_hash)
        identity, sign = self._signer.identity, self._signer.sign
        self.latest = message.seal(header.KIND, header.LAYOUT, content, identity, self._network_id, sign)
        self._ledger.store_header(committed.height, self.latest)
        return self.latest
