"""
What the plant writes down for pictures and for the figures of the report: every five
minutes the means and extremes of the time before, and every quarter hour each
household's energies.
"""

from collections.abc import Sequence

import numpy as np

from .area import Area
from .household import Energy, Household
from .power_flow import Flow

RECORD_S = 300
QUARTER_S = 900
_FEEDER = ("feeder_w", "consumption_w", "pv_w", "battery_w")
_WIRES = ("transformer_w", "loss_w", "line_loading_max", "trafo_loading_max")


class Recorder:
    def __init__(self, households: Sequence[Household], areas: Sequence[Area], start_s: int):
        self._households = households
        self._start_s = start_s
        self._names = [household.home.name for household in households] + [area.name for area in areas]
        self._at_record = [Energy() for _ in households]
        self._at_quarter = [Energy() for _ in households]
        self._time_s: list[int] = []
        self._quarters_s: list[int] = []
        self._rows: dict[str, list] = {name: [] for name in (*_FEEDER, *_WIRES)}
        self._low: list[list[float]] = []
        self._high: list[list[float]] = []
        self._tanks: dict[str, dict[str, list]] = {}
        self._batteries: dict[str, dict[str, list]] = {}
        self._quarters: dict[str, list[Energy]] = {household.home.name: [] for household in households}
        for household in households:
            if household.home.heater:
                self._tanks[household.home.name] = {"temperature_c": [], "relay": []}
            if household.home.battery:
                self._batteries[household.home.name] = {"soc": [], "power_w": []}
        self._flow: Flow | None = None
        self._min_v = self._max_v = np.zeros(len(self._names))

    def saw(self, flow: Flow) -> None:
        """The grid is in this state from now on."""
        voltages = flow.voltages_v
        self._min_v = np.minimum(self._min_v, voltages) if self._flow else voltages
        self._max_v = np.maximum(self._max_v, voltages) if self._flow else voltages
        self._flow = flow

    def record(self, now_s: int) -> None:
        """Called on every full five minutes after the first, before anything changes at it."""
        start_s = self._time_s[-1] + RECORD_S if self._time_s else self._start_s
        self._time_s.append(start_s)
        self._record_feeder((now_s - start_s) / 3600)
        self._record_wires()
        self._record_equipment()
        if now_s % QUARTER_S == 0:
            self._record_quarter(now_s)

    def series(self) -> dict:
        """All of it, JSON-ready. `time_s` is where each five minutes start; tanks and batteries stand at their end."""
        return {
            "step_s": RECORD_S,
            "time_s": self._time_s,
            **self._rows,
            "voltages": {
                name: {"min_v": [row[i] for row in self._low], "max_v": [row[i] for row in self._high]}
                for i, name in enumerate(self._names)
            },
            "tanks": self._tanks,
            "batteries": self._batteries,
        }

    def quarters(self) -> dict:
        """Energies of every quarter hour: `start_s`, and by household a list of Energy."""
        return {"start_s": self._quarters_s, "households": self._quarters}

    def _record_feeder(self, hours: float) -> None:
        now = [household.energy for household in self._households]
        spans = [_minus(after, before) for after, before in zip(now, self._at_record, strict=True)]
        self._at_record = now
        consumed, produced, charged, discharged = (sum(column) / hours for column in zip(*spans, strict=True))
        means = (consumed - produced + charged - discharged, consumed, produced, charged - discharged)
        for name, mean_w in zip(_FEEDER, means, strict=True):
            self._rows[name].append(round(mean_w, 1))

    def _record_wires(self) -> None:
        flow = self._flow
        assert flow is not None, "the plant solves the grid before it records"
        state = (round(flow.feeder_w, 1), round(flow.loss_w, 1), flow.line_loading_max, flow.trafo_loading_max)
        for name, value in zip(_WIRES, state, strict=True):
            self._rows[name].append(round(value, 4))
        self._low.append(np.round(self._min_v, 2).tolist())
        self._high.append(np.round(self._max_v, 2).tolist())
        self._min_v = self._max_v = flow.voltages_v

    def _record_equipment(self) -> None:
        for household in self._households:
            home = household.home
            if home.heater:
                self._tanks[home.name]["temperature_c"].append(round(home.heater.temperature_c, 2))
                self._tanks[home.name]["relay"].append(int(home.heater.relay))
            if home.battery:
                self._batteries[home.name]["soc"].append(round(home.battery.soc, 4))
                self._batteries[home.name]["power_w"].append(round(home.battery.power_w, 1))

    def _record_quarter(self, now_s: int) -> None:
        self._quarters_s.append(now_s - QUARTER_S)
        for i, household in enumerate(self._households):
            self._quarters[household.home.name].append(_minus(household.energy, self._at_quarter[i]))
            self._at_quarter[i] = household.energy


def _minus(after: Energy, before: Energy) -> Energy:
    return Energy(*(a - b for a, b in zip(after, before, strict=True)))
