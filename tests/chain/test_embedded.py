"""The engine: what commit returned is on the disk, all of it or nothing; and whoever tampers is found out."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chain.cli import app
from chain.embedded import EmbeddedLedger
from chain.errors import LedgerBusy, LedgerCorrupt, LedgerError, WrongGenesis
from chain.genesis import Genesis
from chain.order import order
from chain.state import State
from chain.status import Status
from chain.transition import apply_block
from chain.verify import FIRST, published_hash, verify
from tests.chain.some_days import play
from tests.chain.world import World
from wire import header, kind, merkle

TOP = Path(__file__).parents[2]
FLIPS = int(os.environ.get("GRIDTIDE_FLIPS", "60"))  # R3 by hand: 1000
TABLES = ("state", "blocks", "headers", "history", "history_roots")


@pytest.fixture(scope="module")
def world() -> World:
    return play(intervals=6)


@pytest.fixture
def path(world, tmp_path) -> Path:
    """A ledger with some days on it, every block signed by the cloud."""
    path = tmp_path / "ledger.sqlite"
    genesis = f'network_id = "{world.genesis.network_id.hex()}"\nstart_interval = {world.genesis.start_interval}\n'
    genesis += f'operator_public_key = "{world.genesis.operator_public_key.hex()}"\n'
    (tmp_path / "genesis.toml").write_text(genesis)
    ledger = EmbeddedLedger.open(path, world.genesis)
    previous, headers = FIRST, []
    for number, transactions in enumerate([world.log[:12], *([one] for one in world.log[12:])], start=1):
        block = ledger.commit(transactions)
        signed = world.publish(number, block.interval, block, block.transactions, previous)
        ledger.store_signed(number, signed)
        previous = published_hash(signed)
        content = header.header_of(block, published_hash(headers[-1]) if headers else FIRST)
        headers.append(world.sign("cloud", kind.HEADER, header.LAYOUT, content))
        ledger.store_header(number, headers[-1])
    ledger.close()
    return path


def test_what_is_committed_is_there_again(world, path):
    ledger = EmbeddedLedger.open(path, world.genesis)
    assert ledger.app_hash == world.state.app_hash and ledger.interval == world.state.interval
    assert ledger.height == len(world.log) - 11
    block = ledger.block(2)
    assert block.transactions == (world.log[12],) and block.statuses == (Status.APPLIED,)
    assert block.transactions_root == merkle.root([world.log[12]])
    assert ledger.block(ledger.height + 1) is None and ledger.signed(ledger.height + 1) is None
    assert [one for number in range(1, ledger.height + 1) for one in ledger.block(number).decisions] == world.decisions
    assert ledger.signed(2) is not None
    ledger.close()


def test_a_block_is_in_order_whatever_order_it_was_committed_in(world, tmp_path):
    ledger = EmbeddedLedger.open(tmp_path / "ledger.sqlite", world.genesis)
    block = ledger.commit(reversed(world.log[:12] * 2))
    assert list(block.transactions) == order(world.log[:12]) and set(block.statuses) == {Status.APPLIED}
    assert block.app_hash == apply_block(State.begin(world.genesis), order(world.log[:12])).app_hash
    empty = ledger.commit([])
    assert empty.height == 2 and empty.app_hash == block.app_hash
    ledger.close()


def test_one_writer_at_a_time(world, path):
    ledger = EmbeddedLedger.open(path, world.genesis)
    with pytest.raises(LedgerBusy):
        EmbeddedLedger.open(path, world.genesis)
    assert not verify(path, world.genesis).faults, "readers are welcome"
    ledger.close()
    EmbeddedLedger.open(path, world.genesis).close()
    with pytest.raises(LedgerError, match="No such file"):
        EmbeddedLedger.open(path.parent / "nowhere" / "ledger.sqlite", world.genesis)


def test_another_genesis_is_refused(world, path):
    other = Genesis(world.genesis.network_id, world.genesis.operator_public_key, world.genesis.start_interval, 12_345)
    with pytest.raises((WrongGenesis, LedgerCorrupt)):
        EmbeddedLedger.open(path, other)
    assert verify(path, other).faults


def test_a_disk_that_does_not_take_it_leaves_everything_as_it_was(world, tmp_path, monkeypatch):
    ledger = EmbeddedLedger.open(tmp_path / "ledger.sqlite", world.genesis)
    ledger.commit(world.log[:12])
    before = ledger.app_hash

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(ledger._file, "append", full)
        with pytest.raises(LedgerError, match="disk is full"):
            ledger.commit(world.log[12:20])
    assert ledger.app_hash == before and ledger.height == 1
    for transaction in world.log[12:]:
        ledger.commit([transaction])
    assert ledger.app_hash == world.state.app_hash
    ledger.close()


COMMITTER = """
import sys
from chain.embedded import EmbeddedLedger
from tests.chain.some_days import play
world = play(intervals=6)
ledger = EmbeddedLedger.open(sys.argv[1], world.genesis)
print("at", ledger.height, flush=True)
for transaction in world.log[ledger.height:]:
    print("committed", ledger.commit([transaction]).height, flush=True)
print("done", flush=True)
"""


def test_kill_9_at_any_moment_loses_nothing_that_was_committed(world, tmp_path):
    """Killed again and again while it commits; what it said was committed is there when it comes back."""
    path, committed, chance = tmp_path / "ledger.sqlite", 0, random.Random(7)
    for life in range(200):
        process = subprocess.Popen(
            [sys.executable, "-c", COMMITTER, str(path)], cwd=TOP, stdout=subprocess.PIPE, text=True
        )
        lives_for = chance.randrange(1, 25) if life < 6 else 10_000
        last = ""
        for line in process.stdout:
            word, *number = line.split()
            if word == "at":
                assert committed <= int(number[0]) <= committed + 1, "at most a commit nobody heard of"
                committed = int(number[0])
            elif word == "committed":
                committed, lives_for = int(number[0]), lives_for - 1
            last = word
            if lives_for == 0:
                os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if last == "done":
            break
    assert life >= 6 and committed == len(world.log)
    verified = verify(path, world.genesis)
    assert not verified.faults and verified.state.app_hash == world.state.app_hash


def test_verify_finds_a_sound_ledger_sound(world, path):
    verified = verify(path, world.genesis)
    assert verified.faults == () and verified.height == len(world.log) - 11
    assert verified.state.app_hash == world.state.app_hash


def checkpoint(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def contents(path: Path) -> list:
    database = sqlite3.connect(path)
    try:
        rows = [database.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]
    finally:
        database.close()
    return rows


def test_every_flipped_bit_is_found(world, path):
    """In any column of any row: found by verify, and never opened as sound. Elsewhere it changes nothing."""
    checkpoint(path)
    sound, expected = path.read_bytes(), contents(path)
    chance = random.Random(11)
    flips = found = 0
    for _ in range(FLIPS):
        at, bit = chance.randrange(len(sound)), chance.randrange(8)
        flipped = bytearray(sound)
        flipped[at] ^= 1 << bit
        path.write_bytes(flipped)
        flips += 1
        if is_found(path, world.genesis):
            found += 1
        else:
            assert contents(path) == expected, f"byte {at} bit {bit} was not found"
    assert found > flips // 3


def is_found(path: Path, genesis: Genesis) -> bool:
    try:
        return bool(verify(path, genesis).faults)
    except LedgerCorrupt:
        return True


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE state SET value = x'811901f4' WHERE number = 0 AND key = x'696e74657276616c'",
        "DELETE FROM state WHERE number = 18",
        "INSERT INTO state VALUES (18, x'00', x'83000000')",
        "INSERT INTO state VALUES (99, x'00', x'83000000')",
        "UPDATE state SET value = x'ff' WHERE number = 9",
        "UPDATE blocks SET content = (SELECT signed FROM blocks WHERE height = 4) WHERE height = 3",
        "UPDATE blocks SET signed = NULL WHERE height = 3",
        "UPDATE blocks SET signed = (SELECT signed FROM blocks WHERE height = 4) WHERE height = 3",
        "UPDATE blocks SET content = x'00' WHERE height = 3",
        "DELETE FROM blocks WHERE height = 3",
        "UPDATE headers SET signed = (SELECT signed FROM headers WHERE height = 4) WHERE height = 3",
        "UPDATE headers SET signed = x'00' WHERE height = 3",
        "DELETE FROM blocks WHERE height = (SELECT max(height) FROM blocks)",
    ],
)
def test_tampering_with_sql_is_found(world, path, change):
    with sqlite3.connect(path) as database:
        assert database.execute(change).rowcount
    database.close()
    assert is_found(path, world.genesis)
    if "state" in change or "max(height)" in change:
        with pytest.raises(LedgerCorrupt):
            EmbeddedLedger.open(path, world.genesis)


def test_a_truncated_file_is_found(world, path):
    checkpoint(path)
    path.write_bytes(path.read_bytes()[:-8192])
    assert is_found(path, world.genesis)


def test_the_command_line(world, path):
    genesis = path.parent / "genesis.toml"
    run = CliRunner().invoke
    good = run(app, ["verify", str(path), str(genesis)])
    assert good.exit_code == 0 and world.state.app_hash.hex() in good.output
    exported = json.loads(run(app, ["export", str(path), str(genesis)]).output)
    assert exported["recomputed_equal"] and exported["faults"] == []
    assert exported["app_hash"] == world.state.app_hash.hex()
    assert exported["transactions"] == sum(exported["statuses"].values()) == len(world.log)
    assert not any(exported["conservation"].values())
    assert len(exported["decisions"]) == len(world.decisions) == 18
    assert any(decision["receipt"] for decision in exported["decisions"])
    assert [block["number"] for block in exported["light_blocks"]] == list(range(1, len(exported["light_blocks"]) + 1))
    assert {contract["kind"] for contract in exported["contracts"]} == {"supply", "deferrable", "battery"}
    assert all(book["settled"] for book in exported["intervals"] if book["demand_wh"])
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM state WHERE number = 18")
    database.close()
    assert run(app, ["verify", str(path), str(genesis)]).exit_code == 1
    assert not json.loads(run(app, ["export", str(path), str(genesis)]).output)["recomputed_equal"]
    assert run(app, ["verify", str(path.parent / "none.sqlite"), str(genesis)]).exit_code == 2
    assert run(app, ["verify", str(path), str(path)]).exit_code == 2
