"""
A Strategy tells aggregators how often to report their area's load, and how much the
feeder may carry. The cloud signs it.
"""

from .kind import STRATEGY as KIND  # noqa: F401
from .schema import U32, UTC_S, Layout, integer

LAYOUT = Layout(
    "Strategy",
    (("issued_s", UTC_S), ("report_s", integer(1, 86400)), ("feeder_power_w_max", U32)),
)
Strategy = LAYOUT.cls

SIZE_MAX = 512
