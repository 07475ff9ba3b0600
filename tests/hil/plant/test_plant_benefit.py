"""The figures of a day by hand, and the loop that rules of control are tuned in."""

from hil.plant import Energy, baseline, benefit
from hil.scenario import SCENARIOS
from tests.hil.closed_loop import Order, simulate

START_S = 1_469_404_800
INTERVAL = START_S // 1800
SUNNY = SCENARIOS["sunny_day"]


def test_two_homes_and_four_quarters():
    """
    quarter   A uses   B makes   crosses the transformer   grid    solar
    1         1000     0         1000 in                   0.30    0.10
    2         500      2000      1500 out                  0.30    0.10
    3         0        400       400 out, 100 of it stored 0.20    0.06
    4         300      300       nothing                   0.20    0.06
    """
    a = [Energy(1000), Energy(500), Energy(0, 0, 100, 0), Energy(300)]
    b = [Energy(), Energy(0, 2000), Energy(0, 400), Energy(0, 300)]
    quarters = {"start_s": [START_S + 900 * i for i in range(4)], "households": {"a": a, "b": b}}
    prices = {INTERVAL: (300_000, 100_000, 150_000), INTERVAL + 1: (200_000, 60_000, 150_000)}
    cost = 1.0 * 0.30 - 1.5 * 0.10 - 0.3 * 0.06
    kept_pct = 100 * (1 - (1500 + 300) / 2700)
    assert benefit(quarters, prices) == {
        "peak_kw": 4.0,
        "cost": round(cost, 4),
        "self_consumption_pct": round(kept_pct, 2),
    }
    assert benefit(quarters)["cost"] is None


def test_a_battery_that_sells_what_it_stored_keeps_self_consumption_within_bounds():
    quarters = {"start_s": [START_S], "households": {"a": [Energy(0, 100, 0, 900)]}}
    assert benefit(quarters)["self_consumption_pct"] == 0
    assert benefit({"start_s": [START_S], "households": {"a": [Energy(100)]}})["self_consumption_pct"] == 100


def test_without_orders_the_loop_is_the_baseline():
    loop = simulate(SUNNY, 1, 12, lambda now_s, views: {}, mlmds=2)
    alone = baseline(SUNNY, 1, 12, 2, SUNNY.start_s, SUNNY.duration_s)
    for figure in ("peak_kw", "self_consumption_pct"):
        assert abs(loop[figure] - alone[figure]) <= 0.05 * alone[figure]


def test_heating_and_charging_with_the_sun_keeps_more_of_it():
    def follow_the_sun(now_s, views):
        surplus = sum(view.energy.produced_wh - view.energy.consumed_wh for view in views.values()) > 0
        return {name: Order(relay=surplus, battery_w=5000 if surplus else -1000) for name in views}

    control = simulate(SUNNY, 1, 12, follow_the_sun, mlmds=2)
    alone = baseline(SUNNY, 1, 12, 2, SUNNY.start_s, SUNNY.duration_s)
    assert control["self_consumption_pct"] > alone["self_consumption_pct"] + 10
    assert all(0.05 <= soc <= 0.97 for row in control["series"]["soc"].values() for soc in row)
