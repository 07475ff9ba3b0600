"""
An Acknowledgement tells devices which of their readings are on the aggregator's disk.
Only now may a device forget them. (A receipt answers a command; the acknowledgement
of it says that it was heard, not that it was good.)

Each entry names readings exactly: of this device, of this boot, from first to last. With
event.ACKNOWLEDGED added to both sequences it names events, with receipt.ACKNOWLEDGED
receipts, kept in the same way.
"""

from .kind import ACKNOWLEDGEMENT as KIND  # noqa: F401
from .schema import ID, U32, UTC_S, Layout, listing, record

ENTRY = Layout(
    "AcknowledgementEntry",
    (("device_id", ID), ("boot", U32), ("first_sequence", U32), ("last_sequence", U32)),
)
Entry = ENTRY.cls

LAYOUT = Layout("Acknowledgement", (("issued_s", UTC_S), ("entries", listing(record(ENTRY), 1, 6))))
Acknowledgement = LAYOUT.cls

SIZE_MAX = 250  # it goes on over ESP-NOW
