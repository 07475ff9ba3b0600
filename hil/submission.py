"""
The operator's console: submits the first transactions over MQTT, and again every few
seconds until each stands in a block, because a submission is only an envelope on its way.
"""

from collections.abc import Sequence

from hil.errors import BenchError
from hil.grant import Coordinator
from hil.tap import Tap
from wire import topics

REPEAT_MS = 5_000
APPLIED = 0  # the status of a transaction that the ledger took


class Submission:
    def __init__(self, transactions: Sequence[bytes], time: Coordinator, tap: Tap):
        self._missing = dict.fromkeys(transactions)
        self._time, self._tap = time, tap

    @property
    def is_complete(self) -> bool:
        return not self._missing

    def submit(self) -> None:
        """Sends what no block holds yet, now and every few seconds from now on."""
        for transaction in self._missing:
            self._tap.inject(topics.SUBMIT, transaction)
        if self._missing:
            self._time.at(self._time.now_ms + REPEAT_MS, self.submit)

    def saw(self, transaction: bytes, status: int) -> None:
        """A block holds `transaction`. Raises BenchError when the ledger refused one of ours."""
        if transaction in self._missing:
            del self._missing[transaction]
            if status != APPLIED:
                raise BenchError(f"the ledger refused one of the first transactions with status {status}")
