"""The slice of SimBench is what it says it is."""

from pathlib import Path

import pytest

from hil.data.make_slice import PERIODS
from hil.plant import grid, profiles
from hil.scenario import SCENARIOS

DATA = Path(profiles.DATA)
HOUR = 3600


def test_it_is_small_and_says_whose_it_is():
    assert sum((DATA / name).stat().st_size for name in ("grid.json", "profiles.csv.gz")) < 1_000_000
    notice = (DATA / "ATTRIBUTION.md").read_text()
    for words in ("SimBench", "Open Database License", "ODbL 1.0", "Energies* 2020"):
        assert words in notice


def test_the_grid_is_complete():
    net = grid.load()
    counts = [len(rows) for rows in (net.nodes, net.lines, net.loads, net.plants, net.storages)]
    assert counts == [97, 95, 118, 11, 8]
    assert sorted(net.feeder_order()) == sorted(node.node for node in net.nodes if node.node != net.source_node)
    yearly_load_wh = sum(load.power_w * net.full_load_hours[load.profile] for load in net.loads)
    yearly_pv_wh = sum(plant.power_w * net.full_load_hours[plant.profile] for plant in net.plants)
    assert yearly_pv_wh / yearly_load_wh == pytest.approx(0.52, abs=0.01)


def test_every_period_is_whole():
    quarters = set(profiles.load().quarters())
    days = sum((last - first).days + 1 for first, last in PERIODS)
    assert len(quarters) == days * 96 + len(PERIODS) * 8
    for scenario in SCENARIOS.values():
        assert set(range(scenario.start_s, scenario.start_s + scenario.duration_s, 900)) <= quarters


def test_every_profile_is_a_share_of_rated_power():
    table = profiles.load()
    for name in table.names():
        shares = [table.share(name, utc_s) for utc_s in table.quarters()]
        low, high = (-0.5, 2.5) if name.endswith(":q") else (0.0, 1.0)
        assert low <= min(shares) <= max(shares) <= high, name


@pytest.mark.parametrize(
    ("scenario", "dark_until_h", "light_from_h", "light_until_h"), [("sunny_day", 3, 5, 18), ("evening_peak", 7, 9, 14)]
)
def test_the_sun_follows_utc(scenario, dark_until_h, light_from_h, light_until_h):
    """Sunrise and sunset at 53.6 N, 11.4 E: 03:14 and 19:26 UTC in late July, 07:05 and 14:58 UTC in early December."""
    table, start_s = profiles.load(), SCENARIOS[scenario].start_s
    at = lambda hour: sum(table.share(name, start_s + int(hour * HOUR)) for name in ("PV1", "PV3", "PV4", "PV7"))  # noqa: E731
    assert at(0) == at(dark_until_h - 1) == 0
    assert at(light_from_h + 0.75) > 0 and at(light_until_h - 0.75) > 0
    assert at(23) == 0


def test_a_time_outside_the_slice_has_its_error():
    with pytest.raises(profiles.ProfileMissing, match="hil/data holds no profiles"):
        profiles.load().share("H0-A", 1_451_606_400)
