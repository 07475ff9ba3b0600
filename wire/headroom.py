"""
A Headroom is what M-LMDs tell one another while their aggregator is gone: what each draws,
would draw if nothing were shed, and may draw at most. From the same messages each works
out the same shares of the feeder.
"""

from .kind import HEADROOM as KIND  # noqa: F401
from .schema import I32, U32, UTC_S, Layout

LAYOUT = Layout(
    "Headroom",
    (
        ("boot", U32),
        ("sequence", U32),
        ("measured_s", UTC_S),
        ("power_w", I32),  # import positive
        ("need_w", U32),  # what the area would draw if nothing were shed
        ("power_w_max", U32),  # the micro area's limit
    ),
)
Headroom = LAYOUT.cls

SIZE_MAX = 250
