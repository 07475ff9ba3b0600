"""One kWh followed over a ledger file: back to its plants, on to its buyers, through the command line."""

import json
from xml.etree import ElementTree

import pytest
import typer
from typer.testing import CliRunner

from chain.embedded import EmbeddedLedger
from chain.export import export
from chain.trace import NothingToTrace, trace
from chain.trace_cli import trace as command
from chain.trace_picture import picture
from tests.chain.story import TERMS
from tests.chain.world import NETWORK, START, World, window
from wire.contract import BATTERY
from wire.energy_type import GRID, SOLAR
from wire.reading import HAS_BATTERY


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A sunny interval that fills a battery, and a dark one in which it serves its neighbour."""
    world = World().people({"home": GRID, "roof": SOLAR, "cellar": GRID})
    world.must(world.contract("user-cellar", 1, BATTERY, "cellar", TERMS[BATTERY]))
    charging = {"charged_wh": 1000, "flags": HAS_BATTERY, "soc_permille": 500}
    world.must(world.price())
    world.must(world.light_block("area", window(START), {"roof": {"produced_wh": 800}, "cellar": charging}))
    world.must(world.advance(START + 1))
    world.must(world.settlement(START))
    for decision in world.apply(world.price()).decisions:
        world.must(world.receipt("cellar", 7, decision.decision_id, value=decision.value))
    entries = {"home": {"consumed_wh": 1200}, "cellar": {"discharged_wh": 600, "flags": HAS_BATTERY}}
    world.must(world.light_block("area", window(START + 1), entries))
    world.must(world.advance(START + 2))
    world.must(world.settlement(START + 1))
    path = tmp_path_factory.mktemp("day")
    ledger = EmbeddedLedger.open(path / "ledger.sqlite", world.genesis)
    for transaction in world.log:
        assert not any(ledger.commit([transaction]).statuses)
    ledger.close()
    (path / "genesis.toml").write_text(
        f'network_id = "{NETWORK.hex()}"\noperator_public_key = "{world.key("operator").public.hex()}"\n'
        f"start_interval = {START}\n"
    )
    names = [{"device_id": world.id(name).hex(), "name": name} for name in ("home", "roof", "cellar")]
    (path / "devices.json").write_text(json.dumps(names))
    return world, path, export(path / "ledger.sqlite", world.genesis)


def names(world: World) -> dict[str, str]:
    return {world.id(name).hex(): name for name in ("home", "roof", "cellar")}


def ends(found) -> list[tuple[str, str, int]]:
    return [(end["name"], end["energy_type"], end["energy_wh"]) for end in found["ends"]]


def test_a_consumers_kwh_through_a_battery_to_its_plants(day):
    world, _, exported = day
    found = trace(exported, "home", names=names(world))
    assert found["energy_wh"] == 1000 and found["direction"] == "used"
    # The battery had stored 180 Wh of grid energy and 720 of solar; 600 came out, half of them in this kWh.
    assert ends(found) == [("grid", "grid", 500 + 150), ("roof", "solar", 350)]
    stored = next(step for step in found["steps"] if step["energy_type"] == "storage")
    assert sum(origin["energy_wh"] for origin in stored["origins"]) == stored["energy_wh"] == 500
    assert {origin["interval"] for origin in stored["origins"]} == {START}
    (decision,) = stored["producer_decisions"]
    assert decision["receipt"]["command_sequence"] == 7 and decision["contract_id"] == 1
    assert stored["price_block"] < stored["produced_in"][0]["height"] < stored["settlement_block"]
    assert stored["money_micro"] == stored["price_micro_per_kwh"] // 2
    assert sum(step["money_micro"] for step in found["steps"]) == found["money_micro"]


def test_a_producers_kwh_to_its_buyers(day):
    world, _, exported = day
    found = trace(exported, world.id("roof").hex(), is_sold=True, names=names(world))
    assert ends(found) == [("cellar", "solar", 800)]
    assert found["steps"][0]["interval"] == START


def test_a_users_meters_and_an_earlier_interval(day):
    world, _, exported = day
    found = trace(exported, world.id("user-cellar").hex(), interval=START)
    assert [one["id"] for one in found["who"]] == [world.id("cellar").hex()]
    assert {step["interval"] for step in found["steps"]} == {START} and found["energy_wh"] == 1000


@pytest.mark.parametrize("who", ["nobody", "user-home"])
def test_nothing_to_trace_is_said(day, who):
    with pytest.raises(NothingToTrace):
        trace(day[2], who)


def test_the_picture_is_well_formed_and_names_everybody(day):
    world, _, exported = day
    svg = ElementTree.fromstring(
        picture(trace(exported, "home", names={world.id("home").hex(): "home", **names(world)}))
    )
    texts = [item.text or "" for item in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert all(any(name in text for text in texts) for name in ("home", "roof", "cellar", "grid"))
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}path"))) == 4


def test_the_command(day, tmp_path):
    world, path, _ = day
    app = typer.Typer()
    app.command()(command)
    run = CliRunner().invoke
    files = [str(path / "ledger.sqlite"), str(path / "genesis.toml")]
    named = ["--names", str(path / "devices.json")]
    table = run(app, [*files, "home", *named, "--svg", str(tmp_path / "kwh.svg")], env={"COLUMNS": "160"})
    assert table.exit_code == 0 and "cellar had stored" in table.output and "made by" in table.output
    assert (tmp_path / "kwh.svg").read_text().startswith("<svg")
    sold = run(app, [*files, world.id("roof").hex(), "--sold", "--json"])
    assert json.loads(sold.output)["direction"] == "sold"
    for bad in ([*files, "nobody"], [*files, "home", "--names", files[1]], [files[0], str(tmp_path / "no"), "home"]):
        assert run(app, bad).exit_code == 2
