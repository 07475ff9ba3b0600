"""A Record from what a device has measured: the totals now, those of its last record, and the instantaneous values."""

from collections import namedtuple

from wire.reading import RECORD

# What the chips and sensors showed at the last look, in the units of wire/reading.py.
Snapshot = namedtuple(
    "Snapshot",
    ("voltage_mv", "power_w", "frequency_mhz", "temperature_mc", "soc_permille", "relays", "flags"),
)
DURATION_S_MAX = 3600


def make(begin_s, end_s, totals_before, totals, snapshot, flags):
    """
    The Record from begin_s to end_s. totals_before, totals: (consumed, produced, charged, discharged) in Wh.

    After a longer outage the record covers its last hour only, with all the energy: readings never overlap.
    """
    start_s = max(begin_s, end_s - DURATION_S_MAX)
    energies = [after - before for before, after in zip(totals_before, totals)]
    values = [start_s, end_s - start_s] + energies + list(totals) + list(snapshot[:6]) + [snapshot.flags | flags]
    return RECORD.cls(*values)
