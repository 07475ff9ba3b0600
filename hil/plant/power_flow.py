"""
What the wires make of it: node voltages and loadings by a symmetric power flow
(power-grid-model, Newton-Raphson) over one or more streets. A street is a copy of the
benchmark grid behind a transformer of its own, all on the same 20 kV busbar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from power_grid_model import LoadGenType, PowerGridModel, WindingType, initialize_array

from .grid import Grid

_WANTED: Any = {
    "node": ["u", "u_pu"],
    "line": ["loading", "p_from", "p_to"],
    "transformer": ["loading", "p_from", "p_to"],
}

_BUSBAR = 0  # the 20 kV node: the first of all

Place = tuple[int, int]  # street, node of the grid


@dataclass(frozen=True)
class Flow:
    voltages_v: np.ndarray  # phase to neutral, by watched place
    voltage_pu_min: float  # of all low-voltage nodes
    voltage_pu_max: float
    line_loading_max: float  # share of the ampacity of the most loaded line
    trafo_loading_max: float  # share of the rating of the most loaded transformer
    feeder_w: float  # what the transformers draw from the 20 kV busbar, losses included
    loss_w: float


class PowerFlow:
    def __init__(self, grid: Grid, loads: Sequence[Place], watched: Sequence[Place]):
        """`loads`: where power is drawn, in the order `solve` takes it; `watched`: where voltage is wanted."""
        self.solved = 0
        streets = 1 + max((street for street, _ in [*loads, *watched]), default=0)
        self._ids = _node_ids(grid, streets)
        tables = _network(grid, streets, self._ids)
        tables["sym_load"] = _loads(len(tables["node"]) + 10_000, [self._id(place) for place in loads])
        self._model = PowerGridModel(tables, system_frequency=50.0)
        self._update = initialize_array("update", "sym_load", len(loads))
        self._update["id"] = tables["sym_load"]["id"]
        rows = {int(node): row for row, node in enumerate(tables["node"]["id"])}
        self._watched = np.array([rows[self._id(place)] for place in watched], dtype=int)

    def _id(self, place: Place) -> int:
        return self._ids[place]

    def solve(self, power_w: Sequence[float], reactive_power_var: Sequence[float]) -> Flow:
        """Power drawn at each load (production negative) to the state of the grid."""
        self.solved += 1
        self._update["p_specified"] = power_w
        self._update["q_specified"] = reactive_power_var
        self._model.update(update_data={"sym_load": self._update})
        out: Any = self._model.calculate_power_flow(
            symmetric=True,
            output_component_types=_WANTED,
        )
        line, trafo, low_voltage_pu = out["line"], out["transformer"], out["node"]["u_pu"][1:]
        lost = (line["p_from"] + line["p_to"]).sum() + (trafo["p_from"] + trafo["p_to"]).sum()
        return Flow(
            voltages_v=out["node"]["u"][self._watched] / sqrt(3),
            voltage_pu_min=float(low_voltage_pu.min()),
            voltage_pu_max=float(low_voltage_pu.max()),
            line_loading_max=float(line["loading"].max()),
            trafo_loading_max=float(trafo["loading"].max()),
            feeder_w=float(trafo["p_from"].sum()),
            loss_w=float(lost),
        )


def _node_ids(grid: Grid, streets: int) -> dict[Place, int]:
    """Every street has its own nodes; the 20 kV busbar is one."""
    low = [node.node for node in grid.nodes if node.node != grid.source_node]
    ids = {(street, grid.source_node): _BUSBAR for street in range(streets)}
    for street in range(streets):
        ids |= {(street, node): 1 + street * len(low) + i for i, node in enumerate(low)}
    return ids


def _network(grid: Grid, streets: int, ids: dict[Place, int]) -> dict:
    rated_v = {node.node: node.rated_v for node in grid.nodes}
    by_id = {i: rated_v[node] for (_, node), i in ids.items()}
    nodes = initialize_array("input", "node", len(by_id))
    nodes["id"], nodes["u_rated"] = list(by_id), list(by_id.values())
    first = len(by_id)
    lines = np.concatenate([_lines(grid, street, ids, first + street * len(grid.lines)) for street in range(streets)])
    first += len(lines)
    trafos = np.concatenate([_trafo(grid, street, ids, first + street) for street in range(streets)])
    source = initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"] = first + streets, _BUSBAR, 1
    source["u_ref"] = grid.source_voltage_pu
    return {"node": nodes, "line": lines, "transformer": trafos, "source": source}


def _lines(grid: Grid, street: int, ids: dict[Place, int], first: int):
    lines = initialize_array("input", "line", len(grid.lines))
    lines["id"] = range(first, first + len(grid.lines))
    lines["from_node"] = [ids[street, line.from_node] for line in grid.lines]
    lines["to_node"] = [ids[street, line.to_node] for line in grid.lines]
    lines["from_status"], lines["to_status"] = 1, 1
    lines["r1"] = [line.resistance_ohm for line in grid.lines]
    lines["x1"] = [line.reactance_ohm for line in grid.lines]
    lines["c1"] = [line.capacitance_nf * 1e-9 for line in grid.lines]
    lines["tan1"] = 0
    lines["i_n"] = [line.current_a_max for line in grid.lines]
    return lines


def _trafo(grid: Grid, street: int, ids: dict[Place, int], trafo_id: int):
    trafo, row = grid.trafo, initialize_array("input", "transformer", 1)
    row["id"], row["from_status"], row["to_status"] = trafo_id, 1, 1
    row["from_node"], row["to_node"] = ids[street, trafo.from_node], ids[street, trafo.to_node]
    row["u1"], row["u2"], row["sn"] = trafo.from_v, trafo.to_v, trafo.rated_va
    row["uk"], row["pk"] = trafo.short_circuit_voltage_pu, trafo.copper_loss_w
    row["i0"], row["p0"] = trafo.no_load_current_pu, trafo.iron_loss_w
    row["winding_from"], row["winding_to"] = WindingType.delta, WindingType.wye_n
    row["clock"], row["tap_side"] = trafo.clock, 0
    row["tap_pos"], row["tap_min"], row["tap_max"], row["tap_nom"] = trafo.tap, trafo.tap_min, trafo.tap_max, 0
    row["tap_size"] = trafo.tap_v
    return row


def _loads(first: int, nodes: list[int]):
    loads = initialize_array("input", "sym_load", len(nodes))
    loads["id"] = range(first, first + len(nodes))
    loads["node"], loads["status"], loads["type"] = nodes, 1, LoadGenType.const_power
    loads["p_specified"], loads["q_specified"] = 0, 0
    return loads
