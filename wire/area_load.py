"""
An AreaLoad is what an aggregator reports of its area to the cloud, as often as the
strategy asks. Telemetry: never billed.
"""

from .kind import AREA_LOAD as KIND  # noqa: F401
from .schema import I32, ID, U32, UTC_S, Layout

LAYOUT = Layout(
    "AreaLoad",
    (("area_id", ID), ("measured_s", UTC_S), ("power_w", I32), ("power_w_max", U32), ("shed_w", U32)),
)
AreaLoad = LAYOUT.cls

SIZE_MAX = 512
