"""Payouts by hand: the operator pays out, a household finds, shows and spends what it got, and a trace follows it."""

import json

import pytest
from typer.testing import CliRunner

from chain.embedded import EmbeddedLedger
from chain.trace_cli import trace
from cloud.settlement_cli import amount, app, micro
from tests.chain.households import Households, seed
from tests.chain.world import NETWORK, START


class Desk:
    def __init__(self, folder) -> None:
        self.folder, self.town = folder, Households()
        self.town.live(m1=4000, m2=-1500, m3=-5600, m4=3700, m5=3200)
        self.town.next_day()
        self.ledger = EmbeddedLedger.open(folder / "ledger.sqlite", self.town.genesis)
        self._done = 0
        self.follow()
        for name in ("operator", "user-m2", "user-m4"):
            (folder / f"{name}.key").write_text(seed(name).hex())
        (folder / "genesis.toml").write_text(
            f'network_id = "{NETWORK.hex()}"\nstart_interval = {START}\n'
            f'operator_public_key = "{self.town.key("operator").public.hex()}"\n'
        )

    def follow(self) -> None:
        for transaction in self.town.log[self._done :]:
            assert not any(self.ledger.commit([transaction]).statuses)
        self._done = len(self.town.log)

    def run(self, step: str, *words: str, key: str = "", fails: int = 0) -> str:
        files = [str(self.folder / "ledger.sqlite"), str(self.folder / "genesis.toml")]
        options = ["--key", str(self.folder / f"{key}.key")] if key else []
        result = CliRunner().invoke(app, [step, *files, *words, *options])
        assert result.exit_code == fails, result.output
        return result.output

    def step(self, step: str, *words: str, key: str) -> str:
        path = self.folder / "step.tx"
        said = self.run(step, *words, "--out", str(path), key=key)
        self.town.must(path.read_bytes())
        self.follow()
        return said

    def trace(self, who: str) -> tuple[int, str]:
        from typer import Typer

        one = Typer()
        one.command()(trace)
        files = [str(self.folder / "ledger.sqlite"), str(self.folder / "genesis.toml")]
        view = str(self.folder / "view.json")
        result = CliRunner().invoke(one, [*files, who, "--sold", "--json", "--view-key", view])
        return result.exit_code, result.output


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


def test_paid_out_shown_traced_and_spent(desk):
    town = desk.town
    count = dict(line.split() for line in desk.run("due", "--unit", "0.04").splitlines())
    assert int(count[town.id("user-m2").hex()]) > 0 > int(count[town.id("user-m1").hex()])
    assert "keys get 0.04" in desk.step("pay-out", "--unit", "0.04", key="operator")
    of_user = desk.run("view-key", key="user-m2")
    assert of_user == desk.run("view-key", "--household", town.id("user-m2").hex(), key="operator")
    (desk.folder / "view.json").write_text(of_user)
    held = json.loads(desk.run("show", str(desk.folder / "view.json"), "--json"))
    assert len(held) == int(count[town.id("user-m2").hex()]) and {one["balance_micro"] for one in held} == {40_000}
    one = held[0]["key_id"]
    desk.step("transfer", "--by", one, "--to", "00" * 8, "--money", "0.01", key="user-m2")
    desk.step("transfer", "--by", one, "--to", town.id("user-m4").hex(), "--money", "0.03", key="user-m2")
    assert f"{one}  0.040000  spent" in desk.run("show", str(desk.folder / "view.json"))
    assert "no settlement key" in desk.run(
        "transfer", "--by", one, "--to", "00" * 8, "--money", "1", key="user-m4", fails=2
    )
    status, said = desk.trace(town.id("m2").hex())
    assert status == 0
    paid = json.loads(said)["settlement_keys"]
    assert [row["key_id"] for row in paid] == [row["key_id"] for row in held]
    assert [row["balance_micro"] for row in paid] == [None] + [40_000] * (len(held) - 1)
    status, said = desk.trace(town.id("m3").hex())
    assert status == 2 and "not of who is traced" in said


def test_the_operator_moves_the_grids_money(desk):
    desk.step("pay-out", "--unit", "0.04", key="operator")
    (desk.folder / "view.json").write_text(desk.run("view-key", key="user-m4"))
    owed = json.loads(desk.run("show", str(desk.folder / "view.json"), "--json"))
    assert owed and all(one["unit_micro"] == one["balance_micro"] == -40_000 for one in owed)
    desk.step("transfer", "--to", owed[0]["key_id"], "--money", "0.04", key="operator")
    assert "0.040000  spent" in desk.run("show", str(desk.folder / "view.json"))


def test_what_is_no_amount_no_view_key_and_no_household(desk):
    assert [micro(text) for text in ("1", "0.25", "0.000001")] == [1_000_000, 250_000, 1]
    assert [amount(number) for number in (-250_000, 1)] == ["-0.250000", "0.000001"]
    for wrong in ("0", "", "-1", "1e3", "0.1234567", "x"):
        assert desk.run("due", "--unit", wrong, fails=2)
    (desk.folder / "view.json").write_text("{}")
    assert "no view key" in desk.run("show", str(desk.folder / "view.json"), fails=2)
    assert "no such household" in desk.run("view-key", "--household", "00" * 8, key="operator", fails=2)
    for words in (("view-key", "--household", "m1"), ("transfer", "--to", "00", "--money", "1")):
        assert "16 hex digits" in desk.run(*words, key="operator", fails=2)
    for share, shares in (("0", "0"), ("2", "2"), ("-1", "2")):
        words = ("pay-out", "--unit", "1", "--share", share, "--shares", shares)
        assert "--share:" in desk.run(*words, key="operator", fails=2)
