"""
Draws docs/images/trip_curves.svg: the trip times of firmware/trip_curve.py, run sample by
sample, over the limits of IEC 60898-1, Table 7. Run it from the top of the project.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "gridtide", "svg.fonttype": "none", "font.size": 9})

import matplotlib.pyplot as plt  # noqa: E402  # the backend comes first

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "firmware"))

from trip_curve import RATED_HEAT, TripCurve  # noqa: E402  # from the device's tree

RATED_MA = 16_000
SAMPLE_MS = 20
LIMIT_S = 7_200
COLOURS = {"B": "#1b6ca8", "C": "#2e8b57", "D": "#b8502a"}
# (multiple, longest s) of tests b, c and d; (multiple, shortest s) of tests a, c and d, up to 32 A.
MUST_TRIP = {"B": [(1.45, 3600), (2.55, 60), (3, 45), (5, 0.1)]}
MUST_TRIP["C"] = [(1.45, 3600), (2.55, 60), (5, 15), (10, 0.1)]
MUST_TRIP["D"] = [(1.45, 3600), (2.55, 60), (10, 4), (20, 0.1)]
MUST_HOLD = {"B": [(1.13, 3600), (2.55, 1), (3, 0.1)], "C": [(1.13, 3600), (2.55, 1), (5, 0.1)]}
MUST_HOLD["D"] = [(1.13, 3600), (2.55, 1), (10, 0.1)]


def trip_s(letter: str, multiple: float, heat: int) -> float | None:
    """The time to trip at a multiple of rated current, or None within two hours."""
    curve = TripCurve(letter, RATED_MA, heat)
    sample_ms = SAMPLE_MS if multiple > 2 else 500
    for at_ms in range(sample_ms, LIMIT_S * 1000, sample_ms):
        if curve.step(sample_ms, round(multiple * RATED_MA)):
            return at_ms / 1000
    return None


def draw_curve(axes: plt.Axes, letter: str) -> None:
    multiples = [1.02 * 1.015**i for i in range(215)]
    for heat, style, label in ((0, "-", "cold"), (RATED_HEAT, "--", "carried rated current before")):
        points = [(m, trip_s(letter, m, heat)) for m in multiples]
        times = [(m, s) for m, s in points if s is not None]
        axes.plot(*zip(*times, strict=True), style, color=COLOURS[letter], linewidth=1.4, label=label)
    axes.plot(
        *zip(*MUST_TRIP[letter], strict=True), "v", color="black", markersize=5, label="trips before (IEC 60898-1)"
    )
    axes.plot(
        *zip(*MUST_HOLD[letter], strict=True), "^", color="black", markersize=5, fillstyle="none", label="not before"
    )
    axes.set(xscale="log", yscale="log", xlim=(1, 25), ylim=(0.01, LIMIT_S), title=f"Curve {letter}", xlabel="I / In")
    axes.set_xticks([1, 1.5, 2, 3, 5, 10, 20], ["1", "1.5", "2", "3", "5", "10", "20"])
    axes.minorticks_off()
    axes.grid(True, linewidth=0.3)
    axes.legend(fontsize=7, loc="upper right")


def main() -> None:
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.8), sharey=True, layout="constrained")
    for axes, letter in zip(panels, COLOURS, strict=True):
        draw_curve(axes, letter)
    panels[0].set_ylabel("time to trip, s")
    figure.savefig(HERE / "trip_curves.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
