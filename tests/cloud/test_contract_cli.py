"""A user's contracts by hand: `gridtide contract`, from the files in examples/, on a ledger file."""

import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chain.status import Status
from cloud.contract_cli import KINDS, app
from tests.chain.world import Key
from tests.cloud.test_market_cli import Desk
from wire import contract

EXAMPLES = Path(__file__).parents[2] / "examples"


class User:
    """Somebody with a new meter at a ledger with others' contracts."""

    def __init__(self, directory: Path) -> None:
        self.desk = Desk(directory)
        world = self.desk.world
        world.must(world.registration("anna", "user"))
        world.must(world.registration("m9", "meter", owner="anna", area="area"))
        self.desk.follow()
        (directory / "anna.key").write_text(sha256(b"anna").hexdigest())

    def file(self, kind: str, *changes: tuple[str, str]) -> Path:
        """The example of a kind, for our meter."""
        text = (EXAMPLES / f"contract-{kind}.toml").read_text().replace("0123456789abcdef", Key("m9").id.hex())
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = self.desk.directory / "contract.toml"
        path.write_text(text)
        return path

    def run(self, step: str, *words: str, fails: int = 0) -> str:
        files = [str(self.desk.directory / "ledger.sqlite"), str(self.desk.directory / "genesis.toml")]
        key = [] if step == "list" else ["--key", str(self.desk.directory / "anna.key")]
        result = CliRunner().invoke(app, [step, *files, *words, *key])
        assert result.exit_code == fails, result.output
        return result.output

    def step(self, step: str, *words: str) -> str:
        """Signed by the command, committed by the ledger."""
        path = self.desk.directory / "step.tx"
        said = self.run(step, *words, "--out", str(path))
        assert self.desk.world.one(path.read_bytes()) is Status.APPLIED
        self.desk.follow()
        return said


@pytest.fixture(scope="module")
def user(tmp_path_factory) -> User:
    return User(tmp_path_factory.mktemp("contracts"))


def test_a_contract_is_opened_amended_and_closed(user):
    opened = user.step("open", str(user.file("supply")))
    number = opened.split()[1]
    assert "energy_types" in tomllib.loads(user.file("supply").read_text())
    line = next(line for line in user.run("list").splitlines() if line.startswith(f"{number}  "))
    assert "supply" in line and "open  solar,storage,grid" in line and "is_neighbours_first=1" in line
    user.step(
        "open", str(user.file("supply", ("is_neighbours_first = 1", "is_neighbours_first = 0"))), "--amend", number
    )
    assert "is_neighbours_first=0" in user.run("list")
    user.step("close", number)
    assert f"{number}: no open contract" in user.run("close", number, fails=2)
    assert "closed" in next(line for line in user.run("list").splitlines() if line.startswith(f"{number}  "))


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_is_taken(user, kind):
    user.step("open", str(user.file(kind)))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('kind = "battery"', 'kind = "wish"', "kind must be one of supply, deferrable, battery"),
        ('kind = "battery"', 'sort = "battery"', "sort: not of a contract"),
        ("capacity_wh = 10000", "", "capacity_wh: missing"),
        ("capacity_wh = 10000", "capacity_wh = 1.5", "each must be a whole number"),
        ("capacity_wh = 10000", "capacity_kwh = 10", "capacity_kwh: not of this kind"),
        ("soc_permille_min = 100", "soc_permille_min = 1100", "out of range"),
        ("[terms]", 'energy_types = ["coal"]\n[terms]', "energy_types must be some of grid, solar, storage"),
        ("[terms]", "[terms", "contract.toml: "),
    ],
)
def test_what_is_wrong_in_a_file_is_named(user, before, after, said):
    assert said in user.run("open", str(user.file("battery", (before, after))), fails=2)


def test_a_meter_without_an_id_is_named(user):
    path = user.file("battery", (Key("m9").id.hex(), "m9"))
    assert "meter must be its id" in user.run("open", str(path), fails=2)
    assert set(KINDS.values()) == set(contract.TERMS)
