"""
A node meets each signature several times: when a transaction is handed in, again when it comes with gossip or stands
in a proposal, and when its block is applied. Verified remembers the good ones, so that each is worked out once.
"""

from collections import OrderedDict
from hashlib import sha256

from chain import ed25519
from chain.transition import Verify

REMEMBERED_MAX = 65_536  # more than a full mempool and a full block hold together


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
