"""
A Reading is what one device measured: one or more interval records under one
signature. The meter signs it; aggregators batch it; nothing after the meter may
change it. An M-LMD signs one, too: the load of its micro area at the junction.

Quantities are whole numbers of the unit in the field's name: float width differs
between boards, and a signature would not.

consumed: what the household used, water heater included, battery charging not.
produced: what its own plant (PV) made. charged, discharged: its battery's two ways.
For an M-LMD consumed and produced are the area's import and export at the junction.
Totals are monotonic over the device's life: a decreasing one is refused.
"""

from .kind import READING as KIND  # noqa: F401
from .schema import I32, U8, U16, U32, U48, UTC_S, Layout, integer, listing, record

RECORD = Layout(
    "Record",
    (
        ("start_s", UTC_S),
        ("duration_s", integer(1, 3600)),
        ("consumed_wh", U32),
        ("produced_wh", U32),
        ("charged_wh", U32),
        ("discharged_wh", U32),
        ("consumed_total_wh", U48),  # at the end of the record
        ("produced_total_wh", U48),
        ("charged_total_wh", U48),
        ("discharged_total_wh", U48),
        ("voltage_mv", U32),
        ("power_w", I32),  # net at the end of the record, import positive
        ("frequency_mhz", U32),
        ("temperature_mc", I32),  # water heater; 0 without one
        ("soc_permille", integer(0, 1000)),  # battery; 0 without one
        ("relays", U8),  # bit 0: heater, or the load's relay, on
        ("flags", U16),
    ),
)
Record = RECORD.cls

LAYOUT = Layout("Reading", (("boot", U32), ("sequence", U32), ("records", listing(record(RECORD), 1, 60))))
Reading = LAYOUT.cls

SIZE_MAX = 8192
FRAME_MAX = 250  # an ESP-NOW frame: a reading with one record fits

# flags
HAS_HEATER = 1
HAS_BATTERY = 2
TIME_UNCERTAIN = 4  # the clock was never set, or disagreed with signed time: never billed
CHIP_SILENT = 8  # the metering chip did not answer: energy is carried into the next record
AFTER_BOOT = 16  # the first record after a boot: it may span the outage
VOLTAGE_UNMEASURED = 32  # what measures here tells no voltage (an S0 output): voltage_mv is 0 and says nothing
