"""
Events tells the aggregator what was found and done, signed. Nobody acknowledges an event: each is
kept, in memory, and said again when the link or the aggregator comes back; the aggregator keeps it once.
"""

import asyncio

from wire import event

_KEPT = 24


class Events:
    def __init__(self, device):
        self._device = device
        self._kept = []
        self._waiting = []  # of the kept ones
        self._work = asyncio.Event()

    # One at a time: a burst of them takes no more memory than one.
    async def run(self, publish):
        """Send for ever. publish(signed): async, sends an event (bytes) up, or drops it."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting:
                await publish(self._waiting.pop(0))

    def tell(self, faults):
        """Sign and send what changed (fault.Faults) since the last call."""
        for fault in faults.take_changes():
            device = self._device
            value = max(-0x80000000, min(0x7FFFFFFF, fault.value))
            fields = (
                device.boot,
                device.next_sequence(event.KIND),
                fault.begin_s,
                fault.end_s,
                event.CODES.index(fault.kind),
                fault.subject,
                value,
            )
            signed = device.identity.seal(event.KIND, event.LAYOUT, fields)
            self._kept = self._kept[-_KEPT + 1 :] + [signed]
            self._waiting = self._waiting[-_KEPT + 1 :] + [signed]
            self._work.set()

    def say_again(self):
        """Everything that is kept, oldest first."""
        self._waiting = list(self._kept)
        self._work.set()
