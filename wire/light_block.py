"""
A LightBlock is what one LG-Aggregator commits to the ledger for one window of its
area: the Merkle root over the readings as signed, and the few sums that settlement
and contracts need. The readings themselves stay with the aggregator and are proved.

An aggregator's light blocks are a chain: `number` counts from 1 without a gap and
`previous_hash` is SHA-256 over the light block before (32 zero bytes for the first).
Late readings make a further part of their own window.
"""

from .kind import LIGHT_BLOCK as KIND  # noqa: F401
from .schema import HASH, I32, I63, ID, U8, U16, U32, UTC_S, Layout, integer, listing, record

ENTRY = Layout(
    "LightBlockEntry",
    (
        ("device_id", ID),
        ("boot", U32),  # of the last reading in this part
        ("sequence", U32),
        ("consumed_wh", U32),
        ("produced_wh", U32),
        ("charged_wh", U32),
        ("discharged_wh", U32),
        ("temperature_mc", I32),
        ("soc_permille", integer(0, 1000)),
        ("relays", U8),
        ("flags", U16),
    ),
)
Entry = ENTRY.cls

LAYOUT = Layout(
    "LightBlock",
    (
        ("number", U32),
        ("previous_hash", HASH),
        ("area_id", ID),
        ("window_start_s", UTC_S),
        ("part", U16),  # 0 for the first light block of a window
        ("reading_count", U32),
        ("merkle_root", HASH),  # over the readings, in the order of (device_id, boot, sequence)
        ("area_wh", I63),  # net import of the area in the window, as its M-LMDs measured it
        ("entries", listing(record(ENTRY), 1, 4096)),  # ascending device_id, one per device
    ),
)
LightBlock = LAYOUT.cls

SIZE_MAX = 512 * 1024
