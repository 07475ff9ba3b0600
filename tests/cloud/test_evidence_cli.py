"""`gridtide ledger evidence`: from what an aggregator signed and stored to its exclusion on a real ledger file."""

import json
from hashlib import sha256

import pytest
from typer.testing import CliRunner

from aggregator.__main__ import main as aggregator_main
from chain.embedded import EmbeddedLedger
from chain.genesis import Genesis
from chain.status import Status
from cli.main import app
from tests.aggregator.area import NETWORK, NOW, ident, reading_of, record, sign, signer
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from tests.aggregator.site import Aggregator
from tests.cloud.town import START
from wire import cose, light_block, message, registration
from wire.interval import WINDOW_S

MEMBERS = ("mlmd-1", "meter-1", "meter-2", "meter-3")


class Case:
    """An aggregator's store with one sealed window, and a ledger with what the test lets it commit."""

    def __init__(self, folder) -> None:
        self.folder, self.nonce = folder, 0
        self.genesis = Genesis(NETWORK, signer("operator").public_key, START - 1)
        (folder / "genesis.toml").write_text(
            f'network_id = "{NETWORK.hex()}"\noperator_public_key = "{signer("operator").public_key.hex()}"\n'
            f"start_interval = {START - 1}\n"
        )
        self.key = folder / "user.key"
        self.key.write_text(sha256(b"user").hexdigest())
        self.aggregator = Aggregator(folder / "store.sqlite")
        blocks = ChainOfBlocks()
        blocks.add(*(blocks.registration(name) for name in MEMBERS))
        self.aggregator.follow(*blocks.blocks)
        nobody, area = bytes(8), ident("aggregator")
        for name, role, owner, place in (
            ("aggregator", registration.AGGREGATOR, nobody, area),
            ("user", registration.USER, nobody, nobody),
            ("mlmd-1", registration.MLMD, nobody, area),
            *((name, registration.METER, ident("user"), area) for name in MEMBERS[1:]),
        ):
            self.nonce += 1
            fields = (self.nonce, ident(name), role, signer(name).public_key, owner, place, 0)
            self.commit(sign("operator", registration.KIND, registration.LAYOUT, fields))

    def commit(self, transaction: bytes) -> Status:
        ledger = EmbeddedLedger.open(self.folder / "ledger.sqlite", self.genesis)
        status = ledger.commit([transaction]).statuses[0]
        self.excluded = len(ledger.state.excluded)
        ledger.close()
        return Status(status)

    def sealed(self, now_s: int = NOW + 30) -> bytes:
        self.aggregator.now_s = now_s
        (sent,) = self.aggregator.seal()
        return sent.payload

    def bent(self, block: bytes, **fields) -> bytes:
        """The same light block with something else in it, signed as well."""
        content = message.decode(light_block.LAYOUT, cose.open_envelope(block).payload)
        return sign("aggregator", light_block.KIND, light_block.LAYOUT, content._replace(**fields))

    def leaves(self, number: int, name: str, capsys):
        arguments = ["leaves", str(self.folder / "store.sqlite"), str(number), ident(name).hex()]
        capsys.readouterr()
        assert aggregator_main(arguments) == 0
        path = self.folder / f"leaves-{number}.json"
        path.write_text(capsys.readouterr().out)
        return path

    def run(self, *arguments, status: int = 0) -> str:
        where = (self.folder / "ledger.sqlite", self.folder / "genesis.toml")
        words = ["ledger", "evidence", arguments[0], *where, *arguments[1:]]
        result = CliRunner().invoke(app, list(map(str, words)))
        assert result.exit_code == status, result.output
        return result.output

    def convict(self, *arguments) -> str:
        made, signed = self.folder / "evidence", self.folder / "transaction"
        said = self.run("make", "--out", made, *arguments)
        assert "not recorded yet" in self.run("inspect", made)
        self.run("submit", made, "--key", self.key, "--out", signed)
        assert self.commit(signed.read_bytes()) is Status.APPLIED and self.excluded == 1
        assert "recorded already" in self.run("inspect", made)
        return said


@pytest.fixture
def case(tmp_path):
    made = Case(tmp_path)
    yield made
    made.aggregator.store.close()


def window(number: int, name: str) -> bytes:
    return reading_of(name, 1, number, record(NOW - WINDOW_S))


def test_two_light_blocks_for_one_number(case):
    case.aggregator.take(window(1, "meter-1"), window(1, "meter-2"))
    block = case.sealed()
    assert case.commit(block) is Status.APPLIED
    seen = case.folder / "seen.bin"
    seen.write_bytes(case.bent(block, reading_count=1))
    said = case.convict("--block", f"{ident('aggregator').hex()}/1", "--contrary", seen)
    assert said.startswith(f"aggregator {ident('aggregator').hex()}, window {NOW - WINDOW_S}, part 0: two light blocks")


def test_another_value_than_the_device_signed(case, capsys):
    case.aggregator.take(window(1, "meter-1"), window(1, "meter-2"), window(1, "meter-3"))
    block = case.sealed()
    content = message.decode(light_block.LAYOUT, cose.open_envelope(block).payload)
    entries = [row._replace(consumed_wh=row.consumed_wh + 9) if row.device_id == ident("meter-2") else row
               for row in content.entries]  # fmt: skip
    assert case.commit(case.bent(block, entries=tuple(entries))) is Status.APPLIED
    leaves = case.leaves(1, "meter-2", capsys)
    assert len(json.loads(leaves.read_text())) >= 2, "with its neighbours"
    said = case.convict(
        "--block", f"{ident('aggregator').hex()}/1", "--device", ident("meter-2").hex(), "--leaves", leaves
    )
    assert f"another value than {ident('meter-2').hex()} signed" in said
    shown = case.run("inspect", case.folder / "evidence")
    assert "consumed         259 Wh committed       250 Wh as signed" in shown


def test_one_reading_in_two_parts(case, capsys):
    case.aggregator.take(window(1, "meter-1"), window(1, "meter-2"))
    first = case.sealed()
    case.aggregator.store.db.execute("INSERT INTO readings SELECT device_id, boot, sequence + 1, window_start_s, data,"
                                     " received_ms, carrier_id, billed, NULL FROM readings WHERE device_id = ?",
                                     (ident("meter-1"),))  # fmt: skip
    second = case.sealed(NOW + 930)  # what an aggregator would do that wants a reading to count twice
    assert [case.commit(block) for block in (first, second)] == [Status.APPLIED] * 2
    files = [case.leaves(number, "meter-1", capsys) for number in (1, 2)]
    blocks = [f"{ident('aggregator').hex()}/{number}" for number in (1, 2)]
    arguments = ("--block", blocks[0], "--contrary", blocks[1], "--device", ident("meter-1").hex())
    said = case.convict(*arguments, "--leaves", files[0], "--leaves", files[1])
    assert f"a reading of {ident('meter-1').hex()} counted twice" in said


def test_an_honest_aggregator_is_not_accused(case, capsys):
    case.aggregator.take(window(1, "meter-1"), window(1, "meter-2"))
    block = case.sealed()
    assert case.commit(block) is Status.APPLIED
    place, out = f"{ident('aggregator').hex()}/1", case.folder / "evidence"
    leaves = case.leaves(1, "meter-2", capsys)
    for arguments, status, said in (
        (("--block", place, "--device", ident("meter-2").hex(), "--leaves", leaves), 1, "NO_CONTRADICTION"),
        (("--block", place, "--contrary", place), 1, "NO_CONTRADICTION"),
        (("--block", place), 2, "give --contrary"),
        (("--block", f"{ident('aggregator').hex()}/2", "--contrary", place), 2, "no such light block"),
        (("--block", "nowhere", "--contrary", place), 2, "neither a file nor"),
        (("--block", place, "--device", ident("meter-2").hex()), 2, "--leaves"),
        (("--block", place, "--device", "xy", "--leaves", leaves), 2, "16 hex digits"),
    ):
        assert said in case.run("make", "--out", out, *arguments, status=status)
    assert not out.exists()
