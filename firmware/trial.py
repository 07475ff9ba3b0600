"""
The Trial is a new firmware's test of itself, on the board and in the network it has to
work in. Its config could be read, or it would not have come here; it passes when its chips
answer, it has heard signed time, and the aggregator has acknowledged a reading that it
signed itself. The time it has for that spans the end of a window.
"""

import asyncio

from wire import reading

DEADLINE_S = 1200
_LOOK_S = 5


# Whether the last reading was signed since this start, and is on the aggregator's disk.
def is_heard(outbox, boot):
    newest = outbox.newest
    return bool(newest) and newest.boot == boot and newest.index not in outbox.waiting()


# What is missing now, as one of slots.REASONS; "none" when nothing is.
def missing(is_time_set, heard, flags):
    if not (is_time_set and heard):
        return "no_network"
    return "chips_silent" if flags & reading.CHIP_SILENT else "none"


async def run(device):
    """Returns "none" as soon as the test is passed, or what is still missing at the deadline."""
    lacks = "no_network"
    for _ in range(DEADLINE_S // _LOOK_S):
        heard = is_heard(device.outbox, device.boot)
        lacks = missing(device.clock.is_set(), heard, device.equipment.snapshot().flags)
        if lacks == "none":
            break
        await asyncio.sleep(_LOOK_S)
    return lacks
