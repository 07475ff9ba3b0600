"""
What the plant writes down for the evidence, the pictures and the figures of a run:
every five minutes the means and extremes of the time before, and every quarter hour
each household's energies. It closes its book at the end of the time that is played:
what the bench still needs to let the last messages arrive is not part of it.
"""

from collections import Counter
from collections.abc import Sequence

from .area import Area
from .household import Energy, Household
from .power_flow import Flow
from .profiles import QUARTER_S

RECORD_S = 300
DAY_S = 86400
_FEEDER = ("feeder_w", "consumption_w", "pv_w", "battery_w")
_STORES = "stored_wh"  # in batteries, and in tanks over cold water
_WIRES = ("transformer_w", "loss_w", "line_loading_max", "trafo_loading_max", "voltage_pu_min", "voltage_pu_max")


class Recorder:
    def __init__(self, households: Sequence[Household], areas: Sequence[Area], start_s: int, end_s: int):
        self._households = households
        self._areas = areas
        self._area_w: dict[str, list[float]] = {area.name: [] for area in areas}
        self._names = [household.home.name for household in households] + [area.name for area in areas]
        self._start_s, self._end_s = start_s, end_s
        self._record_end_s = start_s
        self._at_record = [Energy() for _ in households]
        self._at_quarter = [Energy() for _ in households]
        self._quarters_s: list[int] = []
        self._quarters: list[list[Energy]] = [[] for _ in households]
        self._rows: dict[str, list[float]] = {name: [] for name in (*_FEEDER, *_WIRES, _STORES)}
        self._stored_wh_at_start = self._stored_wh()
        self._tank_c: list[list[float]] = [[] for _ in households]
        self._relay: list[list[int]] = [[] for _ in households]
        self._soc: list[list[float]] = [[] for _ in households]
        self._voltage_v: list[list[float]] = [[] for _ in self._names]
        self._switches: Counter[tuple[str, int]] = Counter()
        self._flows: list[Flow] = []

    def saw(self, flow: Flow) -> None:
        """The grid is in this state from now on."""
        self._flows.append(flow)

    def switched(self, name: str, now_s: int) -> None:
        """A heater's relay moved."""
        self._switches[name, now_s // DAY_S] += 1

    def record(self, now_s: int) -> None:
        """Called on every full five minutes after the first, before anything changes at it."""
        if now_s > self._end_s:
            return
        self._record_feeder((now_s - self._record_end_s) / 3600)
        self._record_wires()
        self._record_equipment()
        self._record_end_s = now_s
        if now_s % QUARTER_S == 0:
            self._record_quarter(now_s)

    def series(self) -> dict:
        """Every quantity by its name, JSON-ready; docs/plant.md lists them."""
        homes = [household.home for household in self._households]
        return {
            "start_s": self._start_s,
            "step_s": RECORD_S,
            "stored_wh_at_start": self._stored_wh_at_start,
            **self._rows,
            "area_w_peak": self._area_w,
            "voltage_v": dict(zip(self._names, self._voltage_v, strict=True)),
            "tank_c": {home.name: row for home, row in zip(homes, self._tank_c, strict=True) if home.heater},
            "relay": {home.name: row for home, row in zip(homes, self._relay, strict=True) if home.heater},
            "soc": {home.name: row for home, row in zip(homes, self._soc, strict=True) if home.battery},
            "relay_switches": {home.name: self._switches_max(home.name) for home in homes if home.heater},
            "energy_wh": {h.home.name: e._asdict() for h, e in zip(self._households, self._at_record, strict=True)},
        }

    def quarters(self) -> dict:
        """Energies of every quarter hour: `start_s`, and by household a list of Energy."""
        names = [household.home.name for household in self._households]
        return {"start_s": self._quarters_s, "households": dict(zip(names, self._quarters, strict=True))}

    def _switches_max(self, name: str) -> int:
        """On the day it moved most often."""
        return max((count for (whose, _), count in self._switches.items() if whose == name), default=0)

    def _record_feeder(self, hours: float) -> None:
        now = [household.energy for household in self._households]
        spans = [_minus(after, before) for after, before in zip(now, self._at_record, strict=True)]
        self._at_record = now
        consumed, produced, charged, discharged = (sum(column) / hours for column in zip(*spans, strict=True))
        means = (consumed - produced + charged - discharged, consumed, produced, charged - discharged)
        for name, mean_w in zip(_FEEDER, means, strict=True):
            self._rows[name].append(round(mean_w, 1))
        for area in self._areas:
            self._area_w[area.name].append(round(area.peak_w, 1))
            area.peak_w = area.power_w

    def _record_wires(self) -> None:
        """The worst of the five minutes for what has a limit, the last state for the rest."""
        flows = self._flows
        self._flows = flows[-1:]
        worst = (
            flows[-1].feeder_w,
            flows[-1].loss_w,
            max(flow.line_loading_max for flow in flows),
            max(flow.trafo_loading_max for flow in flows),
            min(flow.voltage_pu_min for flow in flows),
            max(flow.voltage_pu_max for flow in flows),
        )
        for name, value in zip(_WIRES, worst, strict=True):
            self._rows[name].append(round(value, 5))
        for row, voltage_v in zip(self._voltage_v, flows[-1].voltages_v.tolist(), strict=True):
            row.append(round(voltage_v, 2))

    def _stored_wh(self) -> float:
        return round(sum(household.stored_wh() for household in self._households), 1)

    def _record_equipment(self) -> None:
        self._rows[_STORES].append(self._stored_wh())
        for i, household in enumerate(self._households):
            heater, battery = household.home.heater, household.home.battery
            if heater:
                self._tank_c[i].append(round(heater.temperature_c, 2))
                self._relay[i].append(int(heater.relay))
            if battery:
                self._soc[i].append(round(battery.soc, 4))

    def _record_quarter(self, now_s: int) -> None:
        self._quarters_s.append(now_s - QUARTER_S)
        for i, household in enumerate(self._households):
            self._quarters[i].append(_minus(household.energy, self._at_quarter[i]))
            self._at_quarter[i] = household.energy


def _minus(after: Energy, before: Energy) -> Energy:
    return Energy(*(a - b for a, b in zip(after, before, strict=True)))
