"""
A node meets each transaction several times: when it is handed in or comes with gossip, when it stands in a proposal,
and when its block is applied. What decoding and verifying it came to is remembered, so that each is done once.
"""

from collections import OrderedDict
from hashlib import sha256

from chain import ed25519
from chain.opened import Opened, open_transaction
from chain.transition import Verify

REMEMBERED_MAX = 65_536  # signatures: more than a full mempool and a full block hold together
OPENED_BYTES_MAX = 16 << 20  # of transactions that are kept decoded


class Verified:
    """A `verify` with a memory. worked_out: signatures really verified; remembered: those that were not."""

    def __init__(self, verify: Verify = ed25519.verify, remembered_max: int = REMEMBERED_MAX) -> None:
        self._verify = verify
        self._max = remembered_max
        self._good: OrderedDict[bytes, None] = OrderedDict()
        self.worked_out = 0
        self.remembered = 0

    def __call__(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """As chain.ed25519.verify. Key and signature have fixed lengths, so the digest binds all three."""
        digest = sha256(public_key + signature + message).digest()
        if digest in self._good:
            self.remembered += 1
            return True
        self.worked_out += 1
        if not self._verify(public_key, message, signature):
            return False
        self._good[digest] = None
        if len(self._good) > self._max:
            self._good.popitem(last=False)
        return True

    def __len__(self) -> int:
        return len(self._good)


class OpenedOnce:
    """`open_transaction` with a memory of the latest ones."""

    def __init__(self, bytes_max: int = OPENED_BYTES_MAX) -> None:
        self._max = bytes_max
        self._bytes = 0
        self._opened: OrderedDict[bytes, Opened] = OrderedDict()

    def __call__(self, transaction: bytes) -> Opened:
        found = self._opened.get(transaction)
        if found is None:
            found = self._opened[transaction] = open_transaction(transaction)
            self._bytes += len(transaction)
            while self._bytes > self._max:
                self._bytes -= len(self._opened.popitem(last=False)[0])
        return found
