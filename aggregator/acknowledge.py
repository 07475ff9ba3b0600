"""
Acknowledging: which readings, events and receipts have been heard here, told to the devices
in signed parcels small enough for the radio. Pure; the service calls it after the commit.
"""

from collections.abc import Iterable

from wire import acknowledgement, event
from wire.acknowledgement import Acknowledgement, Entry

from .intake import Key

ENTRIES_MAX = 6


def ranges(keys: Iterable[Key]) -> list[Entry]:
    """The keys as unbroken runs of sequences, ascending."""
    runs: list[Entry] = []
    for device_id, boot, sequence in sorted(set(keys)):
        last = runs[-1] if runs else None
        if last is not None and (last.device_id, last.boot, last.last_sequence + 1) == (device_id, boot, sequence):
            runs[-1] = last._replace(last_sequence=sequence)
        else:
            runs.append(Entry(device_id, boot, sequence, sequence))
    return runs


def acknowledgements(keys: Iterable[Key], now_s: int) -> list[Acknowledgement]:
    """One Acknowledgement for every six runs."""
    entries = ranges(keys)
    parts = [tuple(entries[at : at + ENTRIES_MAX]) for at in range(0, len(entries), ENTRIES_MAX)]
    assert all(len(part) <= acknowledgement.LAYOUT.fields[1][1][2] for part in parts)
    return [Acknowledgement(now_s, part) for part in parts]


def of_event(device_id: bytes, found: event.Event, now_s: int) -> Acknowledgement:
    """That one event of a device is kept."""
    place = event.ACKNOWLEDGED + found.sequence
    return Acknowledgement(now_s, (Entry(device_id, found.boot, place, place),))
