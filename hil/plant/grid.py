"""
The low-voltage grid the neighbourhood hangs on: SimBench's 1-LV-rural2--2-sw as it
stands in `hil/data/grid.json`, a radial net of 96 nodes at 400 V behind one 250 kVA
transformer.
"""

import json
from dataclasses import dataclass
from functools import cache

from .profiles import DATA


@dataclass(frozen=True)
class Node:
    node: int
    name: str
    rated_v: int


@dataclass(frozen=True)
class Line:
    name: str
    from_node: int
    to_node: int
    resistance_ohm: float
    reactance_ohm: float
    capacitance_nf: float
    current_a_max: int


@dataclass(frozen=True)
class Trafo:
    name: str
    from_node: int
    to_node: int
    rated_va: int
    from_v: int
    to_v: int
    short_circuit_voltage_pu: float
    copper_loss_w: int
    no_load_current_pu: float
    iron_loss_w: int
    clock: int
    tap: int
    tap_min: int
    tap_max: int
    tap_v: int


@dataclass(frozen=True)
class Load:
    name: str
    node: int
    power_w: int
    reactive_power_var: int
    profile: str


@dataclass(frozen=True)
class PvPlant:
    name: str
    node: int
    power_w: int
    profile: str


@dataclass(frozen=True)
class Storage:
    name: str
    node: int
    power_w: int
    capacity_wh: int
    efficiency: float


@dataclass(frozen=True)
class Grid:
    name: str
    source_node: int
    source_voltage_pu: float
    full_load_hours: dict[str, float]  # of the whole year, by profile
    trafo: Trafo
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    loads: tuple[Load, ...]
    plants: tuple[PvPlant, ...]
    storages: tuple[Storage, ...]

    def households(self) -> list[Load]:
        """The loads with a household profile (H0), in feeder order: neighbours on a cable stand side by side."""
        order = {node: i for i, node in enumerate(self.feeder_order())}
        return sorted((load for load in self.loads if load.profile.startswith("H0")), key=lambda load: order[load.node])

    def feeder_order(self) -> list[int]:
        """Low-voltage nodes in depth-first order from the transformer."""
        order, stack = [], [self.trafo.to_node]
        neighbours = self._neighbours()
        while stack:
            node = stack.pop()
            order.append(node)
            stack.extend(n for n in reversed(neighbours[node]) if n not in order)
        return order

    def paths(self) -> dict[int, list[int]]:
        """Node -> the nodes from the transformer to it, both included. The net is radial: there is one path."""
        neighbours = self._neighbours()
        paths = {self.trafo.to_node: [self.trafo.to_node]}
        for node in self.feeder_order():
            for other in neighbours[node]:
                paths.setdefault(other, [*paths[node], other])
        return paths

    def _neighbours(self) -> dict[int, list[int]]:
        neighbours: dict[int, list[int]] = {node.node: [] for node in self.nodes}
        for line in self.lines:
            neighbours[line.from_node].append(line.to_node)
            neighbours[line.to_node].append(line.from_node)
        return {node: sorted(others) for node, others in neighbours.items()}


@cache
def load() -> Grid:
    tables = json.loads((DATA / "grid.json").read_text())
    return Grid(
        name=tables["name"],
        source_node=tables["source_node"],
        source_voltage_pu=tables["source_voltage_pu"],
        full_load_hours=tables["full_load_hours"],
        trafo=Trafo(**tables["trafo"]),
        nodes=tuple(Node(**row) for row in tables["nodes"]),
        lines=tuple(Line(**row) for row in tables["lines"]),
        loads=tuple(Load(**row) for row in tables["loads"]),
        plants=tuple(PvPlant(**row) for row in tables["plants"]),
        storages=tuple(Storage(**row) for row in tables["storages"]),
    )
