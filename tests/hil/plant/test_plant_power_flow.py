"""The power flow against a feeder solved by hand, and against the conservation of energy."""

from math import sqrt

import pytest

from hil.plant import grid
from hil.plant.grid import Grid, Line, Node, Trafo
from hil.plant.power_flow import PowerFlow

SOURCE_PU = 1.02
LINE = Line("line", 1, 2, resistance_ohm=0.1, reactance_ohm=0.04, capacitance_nf=0.0, current_a_max=270)
TRAFO = Trafo("trafo", 0, 1, 250_000, 20_000, 400, 0.06, 3300, 0.0, 0, 5, -1, -2, 2, 500)
TWO_NODES = Grid(
    "two nodes",
    0,
    SOURCE_PU,
    {},
    TRAFO,
    (Node(0, "20 kV", 20_000), Node(1, "busbar", 400), Node(2, "home", 400)),
    (LINE,),
    (),
    (),
    (),
)


def by_hand(power_w: float, reactive_power_var: float) -> tuple[float, float]:
    """
    Line-to-line voltage at the home and the losses. One source behind one impedance z = r + jx feeding P + jQ:
    U^4 + (2 (P r + Q x) - E^2) U^2 + (P^2 + Q^2)(r^2 + x^2) = 0.
    """
    impedance_trafo = TRAFO.short_circuit_voltage_pu * 400**2 / TRAFO.rated_va
    resistance_trafo = TRAFO.copper_loss_w / TRAFO.rated_va * 400**2 / TRAFO.rated_va
    r = LINE.resistance_ohm + resistance_trafo
    x = LINE.reactance_ohm + sqrt(impedance_trafo**2 - resistance_trafo**2)
    source_v = SOURCE_PU * 20_000 * 400 / (20_000 - 500)  # one tap down
    square_s = power_w**2 + reactive_power_var**2
    b = 2 * (power_w * r + reactive_power_var * x) - source_v**2
    square_u = (-b + sqrt(b * b - 4 * square_s * (r * r + x * x))) / 2
    return sqrt(square_u), square_s / square_u * r


@pytest.mark.parametrize(
    ("power_w", "reactive_power_var"), [(0, 0), (3000, 0), (40_000, 12_000), (-30_000, 0), (25_000, -8000)]
)
def test_two_nodes(power_w, reactive_power_var):
    flow = PowerFlow(TWO_NODES, [(0, 2)], [(0, 2)]).solve([power_w], [reactive_power_var])
    voltage_v, loss_w = by_hand(power_w, reactive_power_var)
    assert flow.voltages_v[0] * sqrt(3) == pytest.approx(voltage_v, rel=2e-5)
    assert flow.loss_w == pytest.approx(loss_w, rel=2e-3, abs=0.5)
    current_a = sqrt(power_w**2 + reactive_power_var**2) / voltage_v / sqrt(3)
    assert flow.line_loading_max == pytest.approx(current_a / 270, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("power_w", [500.0, 3000.0, -2500.0])
def test_what_goes_in_comes_out_or_is_lost(power_w):
    net = grid.load()
    places = [(0, load.node) for load in net.loads]
    flow = PowerFlow(net, places, places).solve([power_w] * len(places), [0.0] * len(places))
    assert flow.feeder_w == pytest.approx(power_w * len(places) + flow.loss_w, rel=1e-6)
    assert flow.loss_w > net.trafo.iron_loss_w * 0.9


def test_streets_do_not_see_one_another():
    net = grid.load()
    node = net.loads[0].node
    alone = PowerFlow(net, [(0, node)], [(0, node)]).solve([9000.0], [0.0])
    beside = PowerFlow(net, [(0, node), (1, node)], [(0, node), (1, node)]).solve([9000.0, 60_000.0], [0.0, 0.0])
    assert beside.voltages_v[0] == pytest.approx(alone.voltages_v[0], abs=1e-2)
    assert beside.voltages_v[1] < alone.voltages_v[0] - 1
