"""
The pictures of a day, drawn from the evidence: load with and without control, prices, batteries and heaters, voltages.

Each picture is a function that fills the axes it is given, so that the report can draw it wide and narrow. In the SVGs
colours are CSS variables, so one drawing serves a light and a dark page; the README's PNG has them filled in:

    python -m hil.figures OUT/evidence docs/images/report.png
"""

import io
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import matplotlib as mpl
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hil.benefit import means
from hil.evidence import Evidence, load
from wire.interval import INTERVAL_S, WINDOW_S

SITE_ZONE = "Europe/Berlin"  # where the benchmark grid's profiles were measured

# Okabe and Ito's palette, told apart by every eye. Stand-ins in the SVG are replaced by CSS variables of these names.
LIGHT = {
    "ink": "#1d252c",
    "faint": "#c8d0d6",
    "controlled": "#0072b2",
    "baseline": "#8a9299",
    "limit": "#c43d00",
    "sun": "#e69f00",
    "storage": "#009e73",
    "third": "#b0568f",
}
DARK = {
    "ink": "#e4eaee",
    "faint": "#3b4650",
    "controlled": "#56b4e9",
    "baseline": "#98a2aa",
    "limit": "#ff8a4d",
    "sun": "#f0b429",
    "storage": "#2fc798",
    "third": "#dc8fc1",
}
_STAND_IN = {name: f"#f00d{index:02x}" for index, name in enumerate(LIGHT)}
_WIDE = 8  # inches: from here on a legend has one line
_LINES_MAX = 4  # more batteries or heaters than this are drawn as a band with their mean

Draw = Callable[[Axes, Evidence, dict[str, str]], None]


def zone() -> tzinfo:
    """The site's time zone for the eye; UTC on a machine that has no zone data. Data are in UTC everywhere."""
    try:
        return ZoneInfo(SITE_ZONE)
    except ZoneInfoNotFoundError:
        return UTC


def _on_axis(times_s: Sequence[int]) -> Any:
    """UTC seconds as matplotlib places them."""
    return dates.date2num([datetime.fromtimestamp(time_s, UTC) for time_s in times_s])


def load_and_pv(axes: Axes, evidence: Evidence, colour: dict[str, str]) -> None:
    for run, name, label, width in (
        (evidence.baseline, "baseline", "load without control", 1.4),
        (evidence.plant, "controlled", "load with control", 2.2),
    ):
        kw = _quarter_means_kw(run["series"], "feeder_w")
        axes.step(_quarters(evidence, len(kw)), kw, where="post", color=colour[name], linewidth=width, label=label)
    pv = _quarter_means_kw(evidence.plant["series"], "pv_w")
    times = _quarters(evidence, len(pv))
    axes.fill_between(times, pv, step="post", color=colour["sun"], alpha=0.28, linewidth=0, label="PV production")
    limit_kw = evidence.plant["series"]["feeder_w_max"] / 1000
    axes.axhline(limit_kw, color=colour["limit"], linestyle="--", linewidth=1.4, label="limit")
    axes.axhline(0, color=colour["faint"], linewidth=0.8)
    axes.set_ylabel("feeder, kW (import +)")


def _quarter_means_kw(series: dict[str, Any], name: str) -> list[float]:
    """The last value stands twice, for the last step's end."""
    kw = [power_w / 1000 for power_w in means(series[name], series["step_s"], WINDOW_S)]
    return kw + kw[-1:]


def _quarters(evidence: Evidence, count: int) -> Any:
    start_s = evidence.bench["start_s"]
    return _on_axis(range(start_s, start_s + count * WINDOW_S, WINDOW_S))


def _steps(evidence: Evidence) -> Any:
    series = evidence.plant["series"]
    count = len(series["feeder_w"])
    return _on_axis(range(series["start_s"], series["start_s"] + count * series["step_s"], series["step_s"]))


def price_per_type(axes: Axes, evidence: Evidence, colour: dict[str, str]) -> None:
    books = [book for book in evidence.ledger["intervals"] if book["price_micro_per_kwh"]]
    starts_s = [book["start_s"] for book in books]
    times = _on_axis(starts_s + [start_s + INTERVAL_S for start_s in starts_s[-1:]])
    styles = (("controlled", "-"), ("sun", "-"), ("storage", "--"), ("third", ":"))
    for number, name in enumerate(evidence.ledger["energy_types"]):
        shade, line = styles[number % len(styles)]
        prices = [book["price_micro_per_kwh"][number] / 10_000 for book in books]
        axes.step(
            times, prices + prices[-1:], where="post", color=colour[shade], linestyle=line, linewidth=2, label=name
        )
    axes.set_ylim(bottom=0)
    axes.set_ylabel("price, hundredths per kWh")


def batteries(axes: Axes, evidence: Evidence, colour: dict[str, str]) -> None:
    percent = {name: [100 * share for share in soc] for name, soc in evidence.plant["series"]["soc"].items()}
    _lines_or_band(axes, evidence, percent, colour["storage"], "battery")
    axes.set_ylim(0, 100)
    axes.set_ylabel("state of charge, %")


def heaters(axes: Axes, evidence: Evidence, colour: dict[str, str]) -> None:
    series = evidence.plant["series"]
    _lines_or_band(axes, evidence, series["tank_c"], colour["limit"], "water heater")
    axes.set_ylabel("water, °C")
    if series["relay"]:
        on = [sum(states) for states in zip(*series["relay"].values(), strict=True)]
        _heaters_on(axes, evidence, on, len(series["relay"]), colour)


def _heaters_on(axes: Axes, evidence: Evidence, on: list[int], count: int, colour: dict[str, str]) -> None:
    """How many relays are closed, in the lower third of the same axes."""
    right = axes.twinx()
    right.fill_between(_steps(evidence), on, step="post", color=colour["controlled"], alpha=0.35, linewidth=0)
    _plain_axes(right, colour)
    right.grid(visible=False)
    right.spines["left"].set_visible(False)
    right.set_ylim(0, 3 * count)
    right.set_yticks([0, count])
    right.tick_params(right=True, labelright=True, left=False, labelleft=False, colors=colour["controlled"])
    right.set_ylabel("heaters on", loc="bottom", color=colour["controlled"])
    low, high = axes.get_ylim()
    axes.set_ylim(low - (high - low) / 2, high)
    axes.set_zorder(right.get_zorder() + 1)


def voltages(axes: Axes, evidence: Evidence, colour: dict[str, str]) -> None:
    for run, name, label in _runs(evidence):
        low, high = run["series"]["voltage_pu_min"], run["series"]["voltage_pu_max"]
        times = _steps(evidence)
        axes.fill_between(times, low, high, color=colour[name], alpha=0.3, linewidth=0, label=label)
        axes.plot(times, low, color=colour[name], linewidth=1)
        axes.plot(times, high, color=colour[name], linewidth=1)
    axes.set_ylabel("voltage of all nodes, pu")


def line_loading(axes: Axes, evidence: Evidence, colour: dict[str, str]) -> None:
    for run, name, label in _runs(evidence):
        percent = [100 * share for share in run["series"]["line_loading_max"]]
        axes.plot(_steps(evidence), percent, color=colour[name], linewidth=1.8, label=label)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("most loaded line, %")


def _runs(evidence: Evidence) -> tuple[tuple[dict[str, Any], str, str], ...]:
    return (evidence.baseline, "baseline", "without control"), (evidence.plant, "controlled", "with control")


def _lines_or_band(axes: Axes, evidence: Evidence, series: dict[str, list[float]], shade: str, what: str) -> None:
    if not series:
        axes.text(0.5, 0.5, f"no {what} in this neighbourhood", transform=axes.transAxes, ha="center", color=shade)
        return
    times = _steps(evidence)
    if len(series) <= _LINES_MAX:
        for (name, row), line in zip(series.items(), ("-", "--", "-.", ":"), strict=False):
            axes.plot(times, row, color=shade, linestyle=line, linewidth=1.8, label=name)
        return
    columns = list(zip(*series.values(), strict=True))
    lows, highs = [min(column) for column in columns], [max(column) for column in columns]
    axes.fill_between(times, lows, highs, color=shade, alpha=0.25, linewidth=0, label=f"all {len(series)}")
    axes.plot(times, [sum(column) / len(column) for column in columns], color=shade, linewidth=2, label="mean")


# name -> (title, drawing). In the order of the report.
PICTURES: dict[str, tuple[str, Draw]] = {
    "load": ("Feeder load and PV, with and without control", load_and_pv),
    "prices": ("Price per energy type", price_per_type),
    "batteries": ("Batteries", batteries),
    "heaters": ("Water heaters", heaters),
    "voltages": ("Voltage band", voltages),
    "lines": ("Line loading", line_loading),
}


def _plain_axes(axes: Axes, colour: dict[str, str]) -> None:
    axes.set_facecolor("none")
    axes.tick_params(colors=colour["ink"], length=3)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(colour["faint"])
    axes.grid(axis="y", color=colour["faint"], linewidth=0.6)
    axes.set_axisbelow(True)


def _day_axis(axes: Axes, evidence: Evidence, colour: dict[str, str]) -> None:
    axes.set_xlim(*_on_axis([evidence.bench["start_s"], evidence.bench["start_s"] + evidence.bench["simulated_s"]]))
    axes.xaxis.set_major_locator(dates.HourLocator(byhour=range(0, 24, 3), tz=zone()))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M", tz=zone()))
    name = SITE_ZONE if zone() is not UTC else "UTC"
    axes.set_xlabel(f"time of day, {name}", color=colour["ink"])
    axes.yaxis.label.set_color(colour["ink"])


def picture(name: str, evidence: Evidence, size: tuple[float, float], colour: dict[str, str]) -> Figure:
    """One picture; size: width and height in inches."""
    figure = Figure(figsize=size, layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    _fill(axes, name, evidence, colour, size[0])
    return figure


def _fill(axes: Axes, name: str, evidence: Evidence, colour: dict[str, str], width: float) -> None:
    """width: inches the legend has."""
    _plain_axes(axes, colour)
    PICTURES[name][1](axes, evidence, colour)
    _day_axis(axes, evidence, colour)
    entries = len(axes.get_legend_handles_labels()[0])
    if entries:
        columns = 2 if entries > 3 and width < _WIDE else 4
        ink = colour["ink"]
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, labelcolor=ink, handlelength=1.6
        )


def svg(name: str, evidence: Evidence, size: tuple[float, float]) -> str:
    """One picture as an <svg> to stand in a page that defines the colours as CSS variables (--ink, --sun, ...)."""
    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": f"{name}{size}", "font.size": 10.5}):
        picture(name, evidence, size, _STAND_IN).savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    drawing = text.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    for shade, stand_in in _STAND_IN.items():
        drawing = drawing.replace(stand_in, f"var(--{shade})")
    drawing = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", drawing)
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    title = PICTURES[name][0]
    return re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', rf'<svg \1 role="img" aria-label="{title}">', drawing, count=1)


def png(evidence: Evidence, path: Path) -> None:
    """The README's picture: load above, prices and batteries below."""
    with mpl.rc_context({"font.size": 10}):
        figure = Figure(figsize=(10, 6.4), layout="constrained", facecolor="white")
        grid = figure.add_gridspec(2, 2, height_ratios=(3, 2))
        for name, place, width in (("load", grid[0, :], 10), ("prices", grid[1, 0], 5), ("batteries", grid[1, 1], 5)):
            _fill(figure.add_subplot(place), name, evidence, LIGHT, width)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m hil.figures OUT/evidence PICTURE.png")
    png(load(Path(sys.argv[1])), Path(sys.argv[2]))
