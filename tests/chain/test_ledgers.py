"""A group's ledger and a regulator's: who may do what on which, what is anchored, and what an audit finds."""

import pytest
from typer.testing import CliRunner

from chain import hash_g
from chain.cli import app
from chain.embedded import EmbeddedLedger
from chain.errors import RowsPruned
from chain.ledger_file import LedgerFile
from chain.ledgers import BUSINESS, REGULATORY, TAKES, TRADING, key_for, may_read, open_key
from chain.status import Status
from tests.chain.test_exchange import Street
from tests.chain.world import START, Key, World
from tests.phone import kept
from wire import anchor, kind, membership

DAY = START // 48
GROUP_KEY = bytes(range(32))


def member(world: World, name: str, rights: int = 3, kinds=(kind.ANCHOR,), **changed) -> bytes:
    key = world.key(name)
    fields = {"nonce": world.next_nonce("operator"), "member_id": key.id, "public_key": key.public, "rights": rights}
    fields |= {"kinds": kinds, "group_key": key_for(GROUP_KEY, key.public) if rights & 1 else b"", **changed}
    return world.sign("operator", kind.MEMBERSHIP, membership.LAYOUT, fields.values())


def anchored(world: World, name: str, first: int = DAY, last: int = DAY, digest: bytes = bytes(32)) -> bytes:
    fields = (world.next_nonce(name), b"group-no", first, last, 3, digest)
    return world.sign(name, kind.ANCHOR, anchor.LAYOUT, fields)


def test_members_and_their_rights():
    world = World(ledger_kind=REGULATORY)
    for transaction, status in (
        (member(world, "group", member_id=bytes(8)), Status.SUBJECT_MISMATCH),
        (member(world, "group", public_key=bytes(32)), Status.KEY_WEAK),
        (member(world, "operator"), Status.SUBJECT_TAKEN),
        (member(world, "group", rights=4), Status.RIGHTS_INVALID),
        (member(world, "group", kinds=(kind.LIGHT_BLOCK,)), Status.RIGHTS_INVALID),  # not taken on this ledger
        (member(world, "group", kinds=(kind.ANCHOR, kind.ANCHOR)), Status.RIGHTS_INVALID),
        (member(world, "group", kinds=()), Status.RIGHTS_INVALID),
        (member(world, "group", group_key=b""), Status.RIGHTS_INVALID),
        (member(world, "group"), Status.APPLIED),
    ):
        assert world.one(transaction) is status
    assert world.one(anchored(world, "stranger")) is Status.UNKNOWN_SIGNER
    world.must(member(world, "reader", rights=1, kinds=()))
    assert world.one(anchored(world, "reader")) is Status.RIGHT_MISSING
    assert world.one(anchored(world, "group", DAY, DAY - 1)) is Status.PERIOD_INVALID
    world.must(anchored(world, "group"))
    assert world.one(anchored(world, "group", digest=bytes(range(32)))) is Status.ANCHOR_KNOWN
    world.must(member(world, "group", rights=0, kinds=()))
    assert world.one(anchored(world, "group", DAY + 1, DAY + 1)) is Status.RIGHT_MISSING


@pytest.mark.parametrize("ledger_kind", [BUSINESS, REGULATORY, TRADING])
def test_each_ledger_takes_its_own_kinds(ledger_kind):
    world = World(ledger_kind=ledger_kind)
    world.must(world.registration("cloud", "cloud"))
    expected = Status.PRICE_MISMATCH if kind.PRICE in TAKES[ledger_kind] else Status.KIND_NOT_TAKEN
    assert world.one(world.price(prices=(1,))) is expected
    assert World(ledger_kind=ledger_kind).state.app_hash == World(ledger_kind=ledger_kind).state.app_hash


def test_only_members_read():
    world = World(ledger_kind=TRADING)
    world.must(member(world, "group"))
    world.must(member(world, "writer", rights=2))
    row = world.state.members.get(world.id("group"))
    assert open_key(row.group_key, seed_of("group")) == GROUP_KEY
    assert may_read(row) and not may_read(world.state.members.get(world.id("writer")))
    with pytest.raises(ValueError, match="not this member's key"):
        open_key(row.group_key, seed_of("stranger"))


def seed_of(name: str) -> bytes:
    from hashlib import sha256

    assert Key(name).public
    return sha256(name.encode()).digest()


def test_any_plants_day_is_checked_against_its_anchor():
    world = Street()
    days = range(DAY - 1, DAY + 2)
    books = hash_g.Books(world.state)
    digest = hash_g.hash_g(books, days)
    plants = books.plants(days)
    for place, plant in enumerate(plants):
        for day in days:
            shown = hash_g.audited(books, plant, day, days)
            checks = (plant, place, day, days, len(plants), digest)
            assert hash_g.is_authentic(shown, *checks)
            changed = shown._replace(rows=((START, 1, 2, 3, 4), *shown.rows[1:]))
            assert not hash_g.is_authentic(changed, *checks)
            assert not hash_g.is_authentic(changed._replace(day_hash=hash_g.day_hash(changed.rows)), *checks)
            assert not hash_g.is_authentic(shown, plants[place - 1], *checks[1:])
            assert not hash_g.is_authentic(shown, plant, place, day + 1, *checks[3:])
            assert not hash_g.is_authentic(shown, *checks[:-1], bytes(32))
    assert len(books.rows(plants[0], DAY)) == 4


def test_a_regulator_audits_from_the_command_line(tmp_path):
    group, regulator = Street(), World(ledger_kind=REGULATORY)
    regulator.must(member(regulator, "group"))
    files = []
    for name, world in (("group", group), ("regulator", regulator)):
        text = f'network_id = "{world.genesis.network_id.hex()}"\nstart_interval = {START}\n'
        text += f'operator_public_key = "{world.key("operator").public.hex()}"\n'
        text += f'ledger_kind = "{world.genesis.ledger_kind}"\n'
        (tmp_path / f"{name}.toml").write_text(text)
        files += [str(tmp_path / f"{name}.sqlite"), str(tmp_path / f"{name}.toml")]
        ledger = EmbeddedLedger.open(files[-2], world.genesis)
        for transaction in world.log:
            ledger.commit([transaction])
        ledger.close()
    (tmp_path / "group.key").write_text(seed_of("group").hex())
    day, before = "2025-11-24", "2025-11-23"
    words = [
        "--first",
        before,
        "--last",
        day,
        "--key",
        str(tmp_path / "group.key"),
        "--out",
        str(tmp_path / "anchor.tx"),
    ]
    assert "Hash_G" in run(0, "anchor", *files, *words)
    assert "64 hex digits" in run(2, "anchor", *files, *words, "--key", str(tmp_path / "group.toml"))
    assert "No such file" in run(2, "anchor", *files, *words, "--out", str(tmp_path / "no" / "anchor.tx"))
    assert "is before" in run(2, "anchor", *files, *words, "--last", "2025-11-01")
    ledger = EmbeddedLedger.open(files[2], regulator.genesis)
    assert ledger.commit([(tmp_path / "anchor.tx").read_bytes()]).statuses == (Status.APPLIED,)
    ledger.close()
    for name in ("m1", "m2", "m3"):
        assert '"authentic": true' in run(0, "audit", *files, "--plant", group.id(name).hex(), "--day", day)
    assert "16 hex digits" in run(2, "audit", *files, "--plant", "m1", "--day", day)
    assert "no such plant" in run(2, "audit", *files, "--plant", group.id("m9").hex(), "--day", day)
    assert "no anchor covers" in run(2, "audit", *files, "--plant", group.id("m1").hex(), "--day", "2025-11-30")
    ledger = EmbeddedLedger.open(files[0], group.genesis)
    # What was anchored is changed afterwards.
    late = group.light_block("area", START * 1800, {"m1": {"consumed_wh": 1}})
    assert ledger.commit([late]).statuses == (Status.APPLIED,)
    ledger.close()
    assert '"authentic": false' in run(1, "audit", *files, "--plant", group.id("m1").hex(), "--day", day)


def run(status: int, *words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == status, result.output
    return result.output


def test_a_day_that_left_the_state_is_audited_from_the_file(tmp_path):
    world = kept.history()
    path = tmp_path / "ledger.sqlite"
    kept.write(world, path)
    days = range(START // 48, START // 48 + 1)
    whole = World(history_intervals=10_000)  # the same history, of which nothing left
    for transaction in world.log:
        whole.apply(transaction)
    file = LedgerFile(path, is_writing=False)
    books, plants = hash_g.Books(world.state, file.history), hash_g.Books(whole.state).plants(days)
    assert plants and books.plants(days) == plants
    assert hash_g.hash_g(books, days) == hash_g.hash_g(hash_g.Books(whole.state), days)
    file.close()
    file = LedgerFile(path, is_writing=True)
    file.prune_history(START + 1)
    with pytest.raises(RowsPruned, match=f"interval {START}"):
        hash_g.hash_g(hash_g.Books(world.state, file.history), days)
    file.close()
