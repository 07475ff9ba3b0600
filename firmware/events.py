"""
What an M-LMD found wrong and did about it becomes signed events, kept on the flash and said again until
the aggregator acknowledges them.
"""

from wire import event


def tell(device, faults):
    """Sign and keep what changed (fault.Faults) since the last call; it is sent from there."""
    for fault in faults.take_changes():
        value = max(-0x80000000, min(0x7FFFFFFF, fault.value))
        code = event.CODES.index(fault.kind)
        fields = (fault.begin_s, fault.end_s, code, fault.subject, value)
        device.tell(event.KIND, event.LAYOUT, event.ACKNOWLEDGED, fields)
