"""
A Load is an M-LMD's telemetry of its micro area, every few minutes and at once when
the limit is passed: for edge control and the eye, never billed, never on the ledger.
"""

from .kind import LOAD as KIND  # noqa: F401
from .schema import I32, U32, UTC_S, Layout

LAYOUT = Layout(
    "Load",
    (
        ("boot", U32),
        ("sequence", U32),
        ("measured_s", UTC_S),
        ("power_w", I32),  # import positive
        ("voltage_mv", U32),
        ("frequency_mhz", U32),
        ("power_w_max", U32),  # the micro area's limit
    ),
)
Load = LAYOUT.cls

SIZE_MAX = 250
