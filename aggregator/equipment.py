"""Equipment is the last known state of what stands behind one device: what edge control goes by."""

from typing import NamedTuple

from wire.reading import Record


class Equipment(NamedTuple):
    mlmd_id: bytes  # whose bundle its last reading came in: its micro area
    temperature_mc: int
    relays: int
    flags: int


def equipment_of(record: Record, carrier_id: bytes) -> Equipment:
    return Equipment(carrier_id, record.temperature_mc, record.relays, record.flags)
