"""An exchange by hand, step by step: `gridtide market`, on a ledger file and against a running full node."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chain.embedded import EmbeddedLedger
from chain.status import Status
from cloud.market_cli import app
from tests.chain.test_exchange import Street
from tests.chain.world import NETWORK, START
from tests.cloud.test_service import Listener, Process, broker  # noqa: F401


class Desk:
    """A ledger file with a neighbourhood's first two hours, and the command line beside it."""

    def __init__(self, directory: Path) -> None:
        self.world = Street()
        self.directory = directory
        self.ledger = EmbeddedLedger.open(directory / "ledger.sqlite", self.world.genesis)
        self._done = 0
        self.follow()
        for name in ("user-m1", "user-m2", "operator"):
            (directory / f"{name}.key").write_text(sha256(name.encode()).hexdigest())
        self.write_genesis()

    def write_genesis(self) -> None:
        settings = {
            "network_id": NETWORK.hex(),
            "operator_public_key": self.world.key("operator").public.hex(),
            "start_interval": START,
        }
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
        (self.directory / "genesis.toml").write_text(text)

    def follow(self) -> None:
        """What the world did goes into the file."""
        for transaction in self.world.log[self._done :]:
            assert self.ledger.commit([transaction]).statuses == (Status.APPLIED,)
        self._done = len(self.world.log)

    def run(self, step: str, *words: str, key: str = "", fails: int = 0) -> str:
        files = [str(self.directory / "ledger.sqlite"), str(self.directory / "genesis.toml")]
        options = ["--key", str(self.directory / f"{key}.key")] if key else []
        result = CliRunner().invoke(app, [step, *files, *words, *options])
        assert result.exit_code == fails, result.output
        return result.output

    def step(self, step: str, *words: str, key: str) -> str:
        """Signed by the command, committed by the ledger."""
        path = self.directory / "step.tx"
        output = self.run(step, *words, "--out", str(path), key=key)
        self.world.must(path.read_bytes())
        self.follow()
        return output

    def board(self) -> list[dict]:
        return json.loads(self.run("board", "--json", "--stream", "elec-market-open"))


def test_an_exchange_by_hand(tmp_path):
    desk = Desk(tmp_path)
    world = desk.world
    assert "0 offers" in desk.run("board")
    said = desk.step("offer", "--energy", "2.3", "--money", "0.25266763", key="user-m2")
    (posting,) = desk.board()
    assert (posting["key"], posting["money_micro"], posting["outcome"]) == ("decreasing_load_2.3_kWh", 252_667, "open")
    number = posting["offer_id"]
    assert said.strip() == f"offer {number}"
    desk.step("accept", number, "--device", world.id("m1").hex(), key="user-m1")
    world.day(4, m1=4000, m2=4000, m3=3000)
    world.day(5, m1=1700, m2=4000, m3=3000)
    desk.follow()
    assert "delivered so far: 2300 of 2300 Wh" in desk.step("release", number, key="user-m1")
    assert [row["outcome"] for row in desk.board()] == ["paid"]
    assert "decreasing_load_2.3_kWh  0.252667" in desk.run("board")
    desk.ledger.close()


@pytest.mark.parametrize(
    ("step", "words", "says"),
    [
        ("accept", ("00", "--device", "00"), "16 hex digits"),
        ("release", ("00" * 8,), "no such offer"),
        ("offer", ("--energy", "much", "--money", "1"), "--energy: a number"),
        ("offer", ("--energy", "-1", "--money", "1"), "out_of_range: energy_wh"),
        ("offer", ("--energy", "1", "--money", "1", "--direction", "up"), "decreasing_load or increasing_load"),
        ("offer", ("--energy", "1", "--money", "1", "--broker", "nowhere"), "a broker is"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, step, words, says):
    desk = Desk(tmp_path)
    assert says in desk.run(step, *words, key="user-m1", fails=2)
    desk.ledger.close()


async def connected(broker) -> None:  # noqa: F811
    listener = Listener(broker)
    await listener.until(lambda: bool(listener.strategies))
    await listener.leave()


def test_against_a_running_full_node(tmp_path, broker):  # noqa: F811
    desk = Desk(tmp_path)
    desk.ledger.close()
    process = Process(tmp_path, broker)
    desk.write_genesis()  # the one the ledger was begun with
    process.start()
    asyncio.run(connected(broker))
    try:
        words = ("--energy", "2.3", "--money", "0.25", "--broker", broker.address)
        assert "APPLIED" in desk.run("offer", *words, key="user-m2")
        assert "BALANCE_TOO_LOW" in desk.run("offer", *words, key="user-m1", fails=1)
        assert [row["outcome"] for row in desk.board()] == ["open"]
    finally:
        assert process.stop() == 0
