"""
The *Feeder* dashboard: what an operator watches of one low-voltage feeder. Written here
as a table of panels, generated into feeder.json, which Grafana loads by provisioning/.

    python -m dashboards.feeder          writes dashboards/feeder.json
    python -m dashboards.feeder --check  fails when the file is not what this writes
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

from grafana_foundation_sdk.builders import common, stat, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models.common import GraphDrawStyle, LineInterpolation, StackingMode, VisibilityMode
from grafana_foundation_sdk.models.dashboard import Dashboard as DashboardModel
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from dashboards.influxql import DATASOURCE, Query

PATH = Path(__file__).with_name("feeder.json")
UID = "gridtide-feeder"


class Target(NamedTuple):
    alias: str
    query: str


class Panel(NamedTuple):
    title: str
    description: str
    unit: str
    targets: tuple[Target, ...]
    style: str = "line"  # line, step, bars, number
    width: int = 12  # of 24
    decimals: int | None = None


FEEDER_LOAD = Target(
    "$col",
    'SELECT mean("power_w") AS "load", mean("power_w_max") AS "limit", mean("shed_w") AS "shed" FROM "feeder_load" '
    "WHERE $timeFilter GROUP BY time($__interval) fill(none)",
)
AREA_LOAD = Target(
    "area $tag_area",
    'SELECT mean("power_w") FROM "area_load" WHERE $timeFilter GROUP BY time($__interval), "area" fill(none)',
)
PRICES = Target(
    "$tag_type",
    'SELECT last("price_micro_per_kwh") / 1000000 FROM "price" WHERE $timeFilter GROUP BY time(30m), "type" fill(none)',
)
DEMAND = Target(
    "$col",
    'SELECT last("demand_wh") AS "demand", last("net_import_wh") AS "net import" FROM "feeder_energy" '
    "WHERE $timeFilter GROUP BY time(30m) fill(none)",
)
READINGS = Target(
    "readings",
    'SELECT count("power_w") FROM "reading" WHERE $timeFilter GROUP BY time(1h) fill(0)',
)
DEVICES = Target(
    "devices reporting",
    'SELECT count("seen") FROM (SELECT last("power_w") AS "seen" FROM "reading" '
    'WHERE $timeFilter GROUP BY time(1h), "device" fill(none)) WHERE $timeFilter GROUP BY time(1h) fill(0)',
)
VOLTAGES = Target(
    "$col",
    'SELECT min("voltage_mv") / 1000 AS "lowest", max("voltage_mv") / 1000 AS "highest" FROM "reading" '
    'WHERE "voltage_mv" > 0 AND $timeFilter GROUP BY time(15m) fill(none)',
)
# A reading has 0 where there is no such equipment, and no tank is at 0 degrees.
HEATERS = Target(
    "$tag_device",
    'SELECT mean("temperature_mc") / 1000 FROM "reading" '
    'WHERE "temperature_mc" > 0 AND $timeFilter GROUP BY time(15m), "device" fill(none)',
)
BATTERIES = Target(
    "$tag_device",
    'SELECT last("soc_permille") / 10 FROM "reading" '
    'WHERE "soc_permille" > 0 AND $timeFilter GROUP BY time(15m), "device" fill(none)',
)
COMMANDS = Target(
    "issued",
    'SELECT count("value") FROM "command" WHERE $timeFilter GROUP BY time(30m) fill(none)',
)
OBEYED = Target(
    "obeyed",
    'SELECT count("value") FROM "receipt" WHERE "outcome" = 1 AND $timeFilter GROUP BY time(30m) fill(none)',
)
REFUSED = Target(
    "refused",
    'SELECT count("value") FROM "receipt" WHERE "outcome" = 2 AND $timeFilter GROUP BY time(30m) fill(none)',
)
HEIGHT = Target("height", 'SELECT last("height") FROM "ledger" WHERE $timeFilter')
HEIGHTS = Target("height", 'SELECT last("height") FROM "ledger" WHERE $timeFilter GROUP BY time(30m) fill(none)')
PRICE_NOW = Target(
    "$tag_type",
    'SELECT last("price_micro_per_kwh") / 1000000 FROM "price" WHERE $timeFilter GROUP BY "type"',
)

PANELS = (
    Panel("Ledger height", "Blocks since genesis.", "short", (HEIGHT,), "number", 6, 0),
    Panel("Price now", "Per kWh and energy type.", "none", (PRICE_NOW,), "number", 18, 3),
    Panel("Feeder load and limit", "Net import of all areas, import positive.", "watt", (FEEDER_LOAD, AREA_LOAD)),
    Panel("Energy per market interval", "What prices go by: the last closed interval.", "watth", (DEMAND,), "bars"),
    Panel("Prices", "Per kWh and energy type, one a market interval.", "none", (PRICES,), "step", decimals=3),
    Panel("Readings per hour, devices reporting", "Verified readings only.", "short", (READINGS, DEVICES), "bars"),
    Panel("Voltages", "Lowest and highest any meter measured.", "volt", (VOLTAGES,)),
    Panel("Water heaters", "Tank temperature where there is one.", "celsius", (HEATERS,)),
    Panel("Batteries", "State of charge where there is one.", "percent", (BATTERIES,)),
    Panel(
        "Commands and receipts", "Per market interval, with the answers.", "short", (COMMANDS, OBEYED, REFUSED), "bars"
    ),
    Panel("Ledger growth", "Height over time: it must not stand still.", "short", (HEIGHTS,), "step"),
)


def _graph(panel: Panel) -> timeseries.Panel:
    style = GraphDrawStyle.BARS if panel.style == "bars" else GraphDrawStyle.LINE
    graph = (
        timeseries.Panel()
        .draw_style(style)
        .line_interpolation(LineInterpolation.STEP_AFTER if panel.style == "step" else LineInterpolation.LINEAR)
        .line_width(2)
        .fill_opacity(60 if panel.style == "bars" else 8)
        .show_points(VisibilityMode.NEVER)
        .span_nulls(3_600_000)
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
    )
    if panel.style == "bars":
        graph.stacking(common.StackingConfig().mode(StackingMode.NONE))
    return graph


def _number() -> stat.Panel:
    return stat.Panel().reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def _panel(number: int, panel: Panel) -> stat.Panel | timeseries.Panel:
    built = _number() if panel.style == "number" else _graph(panel)
    built.id(number).title(panel.title).description(panel.description).unit(panel.unit).datasource(DATASOURCE)
    built.height(4 if panel.style == "number" else 8).span(panel.width)
    if panel.decimals is not None:
        built.decimals(panel.decimals)
    for ref_id, target in zip("ABCD", panel.targets, strict=False):
        built.with_target(Query(ref_id, target.query, target.alias))
    return built


def build() -> DashboardModel:
    dashboard = (
        Dashboard("Feeder")
        .uid(UID)
        .description("One low-voltage feeder: load, prices, devices, commands.")
        .tags(["gridtide"])
        .time("now-24h", "now")
        .timezone("browser")
        .refresh("30s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
    )
    for number, panel in enumerate(PANELS, start=1):
        dashboard.with_panel(_panel(number, panel))
    return dashboard.build()


def text() -> str:
    """The dashboard as feeder.json holds it."""
    return json.dumps(build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        if PATH.read_text() == text():
            return 0
        print(f"{PATH} is not what dashboards/feeder.py writes: run `make dashboards`", file=sys.stderr)
        return 1
    PATH.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
