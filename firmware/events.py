"""
Events tells the aggregator what was found and done, signed. Nobody acknowledges an event: each is
kept, in memory, and said again when the link or the aggregator comes back; the aggregator keeps it once.
"""

from wire import event

_KEPT = 24


class Events:
    # publish(signed): sends an event (bytes) up, or drops it.
    def __init__(self, device, publish):
        self._device = device
        self._publish = publish
        self._kept = []

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
            self._publish(signed)

    def say_again(self):
        """Everything that is kept, oldest first."""
        for signed in self._kept:
            self._publish(signed)
