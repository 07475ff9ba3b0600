"""A regulator's full node: members alone read and write, its time moves on, and it has no prices."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chain.genesis import Genesis
from chain.ledgers import REGULATORY, TRADING
from chain.state import State
from cloud.demand import market_step
from cloud.member_cli import app
from cloud.submit import Unanswered, submit
from link.group import Group
from link.mqtt import MqttLink
from tests.cloud.test_service import NETWORK, START, Process, broker, signer  # noqa: F401
from wire import cose, kind, ledger_time, topics

GROUP_KEY = bytes(range(32))


async def first_messages(address: str) -> list[bytes]:
    """What a stranger on the broker sees of the full node: at least a strategy."""
    heard: list[bytes] = []
    news = asyncio.Event()

    def on_message(_: str, payload: bytes) -> None:
        heard.append(payload)
        news.set()

    link = MqttLink(address, "stranger", [topics.BLOCK, topics.STRATEGY], on_message)
    task = asyncio.create_task(link.run())
    async with asyncio.timeout(30):
        await news.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return heard


def test_who_is_no_member_reads_nothing(tmp_path, broker):  # noqa: F811
    process = Process(tmp_path, broker)
    (tmp_path / "group.key").write_text(GROUP_KEY.hex())
    with (tmp_path / "cloud.toml").open("a") as settings:
        settings.write(f'group_key_file = "{tmp_path / "group.key"}"\n')
    with (tmp_path / "genesis.toml").open("a") as genesis:
        genesis.write(f'ledger_kind = "{REGULATORY}"\n')
    heard = []
    process.start()
    try:
        heard = asyncio.run(first_messages(broker.address))
    finally:
        assert process.stop() == 0
    for sealed in heard:
        assert sealed[:2] != b"\xd2\x84", "no signed message in the clear"
        opened = Group("", [GROUP_KEY]).opened("", sealed)
        assert opened is not None and cose.open_envelope(opened).kind in (kind.STRATEGY, kind.BLOCK)


def member(directory: Path, step: str, *words: str, fails: int = 0) -> str:
    """`gridtide member`, by the operator."""
    files = [] if step == "open" else [str(directory / "ledger.sqlite"), str(directory / "genesis.toml")]
    result = CliRunner().invoke(app, [step, *files, *words])
    assert result.exit_code == fails, result.output
    return result.output


def test_an_organisation_comes_and_goes(tmp_path, broker):  # noqa: F811
    process, keys = Process(tmp_path, broker), tmp_path / "group.key"
    keys.write_text(GROUP_KEY.hex())
    for path, line in (
        ("cloud.toml", f"group_key_file = {json.dumps(str(keys))}"),
        ("genesis.toml", f'ledger_kind = "{TRADING}"'),
    ):
        with (tmp_path / path).open("a") as settings:
            settings.write(line + "\n")
    for name in ("operator", "plant", "trader"):
        (tmp_path / f"{name}.key").write_text(sha256(name.encode()).hexdigest())
    by_operator = ("--key", str(tmp_path / "operator.key"), "--group-key", str(keys), "--broker", broker.address)
    process.start()
    try:
        assert asyncio.run(first_messages(broker.address))
        story(tmp_path, by_operator, broker.address, keys)
    finally:
        assert process.stop() == 0


def story(directory: Path, by_operator: tuple[str, ...], address: str, keys: Path) -> None:
    boxes = {}
    for name in ("plant", "trader"):
        told = member(
            directory, "admit", *by_operator, "--public-key", signer(name).public_key.hex(), "--writes", "offer,anchor"
        )
        assert told.endswith("APPLIED\n")
        boxes[name] = told.split("box ")[1].split()[0]
    assert "reads writes anchor,offer" in member(directory, "list")
    own = directory / "plants-group.key"
    member(directory, "open", boxes["plant"], "--key", str(directory / "plant.key"), "--group-key", str(own))
    assert own.read_text().split() == [GROUP_KEY.hex()]
    assert "not this member" in member(
        directory, "open", boxes["plant"], "--key", str(directory / "trader.key"), "--group-key", str(own), fails=2
    )
    trader = signer("trader").identity.hex()
    assert "APPLIED" in member(directory, "dismiss", trader, *by_operator)
    assert "1 members have the next key" in member(directory, "renew", *by_operator)
    assert f"{trader}  left" in member(directory, "list")
    next_key = keys.read_text().split()[0]
    assert next_key != GROUP_KEY.hex() and keys.stat().st_mode & 0o077 == 0
    box = next(line.split()[-1] for line in member(directory, "list").splitlines() if "reads" in line)
    member(directory, "open", box, "--key", str(directory / "plant.key"), "--group-key", str(own))
    assert own.read_text().split() == [next_key, GROUP_KEY.hex()]
    not_sealed = by_operator[:4]
    back = ("--public-key", signer("trader").public_key.hex(), "--out", str(directory / "tx"))
    member(directory, "admit", *not_sealed, *back)
    signed = (directory / "tx" / "membership-0.tx").read_bytes()
    with pytest.raises(Unanswered):  # even the operator's word is not heard in the clear
        asyncio.run(submit(address, signed, timeout_s=2))
    assert f"{trader}  left" in member(directory, "list")


def test_a_consortiums_ledger_has_time_and_nothing_else_by_itself():
    genesis = Genesis(NETWORK, signer("operator").public_key, START, ledger_kind=TRADING)
    drafts = market_step(State.begin(genesis), START + 1)
    assert [draft.kind for draft in drafts] == [ledger_time.ADVANCE_KIND]
