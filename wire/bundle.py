"""
A Bundle carries several readings from an M-LMD to its LG-Aggregator, each as the
bytes its device signed. The M-LMD adds nothing to them and vouches only for the parcel.
"""

from .kind import BUNDLE as KIND  # noqa: F401
from .schema import U32, UTC_S, Layout, listing, octets

LAYOUT = Layout(
    "Bundle",
    (
        ("boot", U32),
        ("sequence", U32),
        ("sent_s", UTC_S),
        ("readings", listing(octets(1, 8192), 1, 64)),
    ),
)
Bundle = LAYOUT.cls

SIZE_MAX = 64 * 1024
