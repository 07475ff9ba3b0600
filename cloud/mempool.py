"""
The Mempool holds what was submitted until the next block. It is bounded, takes a
transaction once, and gives out only what came before the instant of the block, so that
it does not matter in which order things of one instant arrive.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from hashlib import sha256

from wire import cose
from wire.errors import WireError
from wire.kind import TRANSACTIONS

TRANSACTIONS_MAX = 4096  # of one block
BYTES_MAX = 6 << 20
TRANSACTION_BYTES_MAX = 512 * 1024
APPLIED_MAX = 16384  # digests remembered, so that what is repeated costs nothing


class Mempool:
    """counts: what was dropped, by name."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, tuple[int, bytes]] = {}  # digest -> (arrived_ms, transaction)
        self._applied: OrderedDict[bytes, None] = OrderedDict()
        self._bytes = 0
        self.counts: Counter[str] = Counter()

    def put(self, transaction: bytes, now_ms: int) -> bool:
        """Untrusted bytes. False, and counted, when it is no transaction, known, or there is no room."""
        name = self._refusal(transaction)
        if name is not None:
            self.counts[name] += 1
            return False
        self._waiting[sha256(transaction).digest()] = (now_ms, transaction)
        self._bytes += len(transaction)
        return True

    def _refusal(self, transaction: bytes) -> str | None:
        if len(transaction) > TRANSACTION_BYTES_MAX:
            return "too_large"
        digest = sha256(transaction).digest()
        if digest in self._waiting or digest in self._applied:
            return "known"
        if len(self._waiting) >= TRANSACTIONS_MAX or self._bytes + len(transaction) > BYTES_MAX:
            return "full"
        try:
            envelope = cose.open_envelope(transaction)
        except WireError as error:
            return error.name
        return None if envelope.kind in TRANSACTIONS else "wrong_kind"

    def take(self, before_ms: int) -> list[bytes]:
        """Everything that arrived before that instant; it is no longer waiting."""
        digests = [digest for digest, (arrived_ms, _) in self._waiting.items() if arrived_ms < before_ms]
        taken = [self._waiting.pop(digest)[1] for digest in digests]
        self._bytes -= sum(map(len, taken))
        return taken

    def give_back(self, transactions: Iterable[bytes]) -> None:
        """They were taken, and no block has them: they wait for the next."""
        for transaction in transactions:
            self.put(transaction, 0)

    def applied(self, transaction: bytes) -> None:
        """It stands on the ledger: offering it again is of no use."""
        self._applied[sha256(transaction).digest()] = None
        while len(self._applied) > APPLIED_MAX:
            self._applied.popitem(last=False)

    def __len__(self) -> int:
        return len(self._waiting)
