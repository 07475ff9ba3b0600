"""
Delivery offers signed readings until the aggregator says, signed, that they are on its
disk: at once, after ten seconds, then at the pace of the samples. Receipts and events are
delivered in the same way, from an outbox of their own.
"""

import asyncio

from waiting import until

from wire import acknowledgement, cose, message
from wire.errors import WireError

_BATCH = 8
_FIRST_RETRY_MS = 10000


class Delivery:
    # retry_ms: the pace of later tries. led: shines while nothing is overdue; None for no light.
    # telling: the Delivery of receipts and events, which the same acknowledgements settle.
    def __init__(self, outbox, identity, retry_ms, led=None, telling=None):
        self._outbox = outbox
        self._telling = telling
        self._identity = identity
        self._retry_ms = retry_ms
        self._led = led
        self._work = asyncio.Event()  # there is something new to offer, or all that was offered is settled
        self._offered = []  # indices in the outbox
        self._last = self._newest = -1  # of what was offered: where the last turn ended, and the highest index

    def wake(self):
        """There is something new, or somebody to offer it to again."""
        self._work.set()

    # One after the other through all that waits: a reading that is never acknowledged holds up no other. Between two
    # turns what is new goes alone: the answer to what was offered a moment ago is still on its way.
    def _batch(self, is_overdue):
        waiting = self._outbox.waiting()
        turn = [i for i in waiting if i > self._newest][:_BATCH]
        if is_overdue or not turn:
            turn = ([i for i in waiting if i > self._last] + [i for i in waiting if i <= self._last])[:_BATCH]
            self._last = turn[-1] if turn else -1
        self._newest = max([self._newest] + turn)
        return turn

    async def run(self, offer):
        """Offer for ever. offer(readings): async, takes a list of bytes."""
        pause_ms, settled = _FIRST_RETRY_MS, False
        while True:
            self._offered = self._batch(not settled)
            if not self._offered:
                self._light(1)
                await self._work.wait()
                self._work.clear()
                continue
            await offer([self._outbox.signed(index) for index in self._offered])
            settled = await until(self._work, pause_ms)
            pause_ms = _FIRST_RETRY_MS if settled else self._retry_ms
            self._light(1 if settled else 0)

    def _light(self, level):
        if self._led:
            self._led.value(level)

    def acknowledge(self, data):
        """
        Take an Acknowledgement (untrusted bytes). Returns it when it was news for this device, else None.

        Raises WireError. One that says nothing new is not worth a verification.
        """
        said = decode(data)
        mine = [entry for entry in said.entries if self._is_news(entry)]
        if not mine:
            return None
        self._identity.open_of_aggregator(acknowledgement.KIND, acknowledgement.LAYOUT, data, acknowledgement.SIZE_MAX)
        for entry in mine:
            self._settle(entry)
        return said

    # Numbers of readings, events and receipts are apart: an entry settles the one it names.
    def _settle(self, entry):
        self._outbox.acknowledge(*entry[1:])
        waiting = self._outbox.waiting()
        if not [index for index in self._offered if index in waiting]:
            self._work.set()
        if self._telling:
            self._telling._settle(entry)

    def _is_news(self, entry):
        if entry.device_id != self._identity.device_id:
            return False
        if self._outbox.knows(*entry[1:]):
            return True
        return bool(self._telling and self._telling._is_news(entry))


def decode(data):
    """The Acknowledgement in `data` (untrusted bytes), its signature not checked. Raises WireError."""
    envelope = cose.open_envelope(data, acknowledgement.SIZE_MAX)
    if envelope.kind != acknowledgement.KIND:
        raise WireError("wrong_kind", str(envelope.kind))
    return message.decode(acknowledgement.LAYOUT, envelope.payload, acknowledgement.SIZE_MAX)
