"""What is old leaves the state, the same way everywhere, and can be proved for ever; a node begins from a snapshot."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from chain.archive import INTERVAL_OF, NONE_YET, PEAKS, ROOT, add_leaf, bagged, is_archived
from chain.audit import conservation
from chain.cli import app
from chain.embedded import EmbeddedLedger, load_state
from chain.errors import LedgerCorrupt, LedgerError
from chain.genesis import Genesis
from chain.ledger_file import SCHEMA, LedgerFile
from chain.migrate import FOLDER, migrate
from chain.snapshot_file import read, restore, write
from chain.state import State
from chain.status import Status
from chain.transition import apply_block
from chain.verify import verify
from tests.chain.world import START, World, window
from tests.phone import kept
from wire import merkle

LEFT = 8  # kept.INTERVALS, less those that stay


@pytest.fixture(scope="module")
def world() -> World:
    return kept.history()


@pytest.fixture
def path(world, tmp_path) -> Path:
    path = tmp_path / "ledger.sqlite"
    kept.write(world, path)
    genesis = world.genesis
    (tmp_path / "genesis.toml").write_text(
        f'network_id = "{genesis.network_id.hex()}"\nstart_interval = {genesis.start_interval}\n'
        f'operator_public_key = "{genesis.operator_public_key.hex()}"\nhistory_intervals = 96\n'
    )
    return path


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=70))
def test_the_peaks_come_to_the_root_over_all_leaves(leaves):
    archive = NONE_YET
    for leaf in leaves:
        archive = add_leaf(archive, merkle.leaf_hash(leaf))
    assert bagged(archive.hashes) == merkle.root(leaves) and archive.leaf_count == len(leaves)


def test_what_is_old_has_left_and_the_rest_is_there(world):
    state = world.state
    intervals = {INTERVAL_OF[table.name](key, value) for table in rows_of(state) for key, value in table.items()}
    assert intervals and min(intervals) == START + LEFT
    assert state.archive.get(ROOT).leaf_count == LEFT == len(kept_intervals(state))
    assert not state.left and conservation(state)["money_error_micro"] == 0


def rows_of(state: State) -> Iterator:
    return (table for table in state.tables if table.name in INTERVAL_OF)


def kept_intervals(state: State) -> list[int]:
    return [interval for interval in range(START, state.interval) if is_archived(state, interval)]


def test_the_file_has_what_left(world, path):
    file = LedgerFile(path, is_writing=False)
    roots = file.history.roots()
    assert sorted(roots) == list(range(START, START + LEFT))
    assert merkle.root([roots[interval] for interval in sorted(roots)]) == world.state.archive.get(ROOT).hashes[0]
    names = {world.state.tables[row.number].name for at in roots for row in file.history.of_interval(at)}
    assert names >= {"books", "prices", "settled", "decisions", "receipts", "roots", "lots"}
    file.close()
    assert not verify(path, world.genesis).faults


def test_a_late_part_of_what_left_moves_the_chain_on_and_books_nothing(world):
    state = State.begin(world.genesis)
    apply_block(state, world.log)
    late = world.light_block("area", window(START), {"m1": {"consumed_wh": 700}}, part=9)
    balances = dict(state.wallets.items())
    assert apply_block(state, [late]).statuses == (Status.APPLIED,)
    assert state.heads.get(world.id("area")).number == world.state.heads.get(world.id("area")).number + 1
    assert not state.books.of_interval(START) and START.to_bytes(4, "big") not in state.unsettled
    assert dict(state.wallets.items()) == balances


def test_a_receipt_of_what_left_is_too_old_to_tell_a_replay(world):
    state = State.begin(world.genesis)
    apply_block(state, world.log)
    old = world.receipt("m1", 4711, acted_s=window(START) + 5)
    assert apply_block(state, [old]).statuses == (Status.RECEIPT_TOO_OLD,)


def test_an_interval_leaves_only_when_it_is_settled():
    world = World(history_intervals=96).people({"m1": 0})
    world.must(world.light_block("area", window(START + 1), {"m1": {"consumed_wh": 100}}))
    world.must(world.advance(START + 200))
    assert kept_intervals(world.state) == [START]
    world.must(world.settlement(START + 1))
    world.must(world.advance(START + 201))
    assert len(kept_intervals(world.state)) == 49, "48 at once"
    for number in range(202, 206):
        world.must(world.advance(START + number))
    assert len(kept_intervals(world.state)) == 205 - 96


def test_a_history_too_short_is_refused():
    with pytest.raises(LedgerError, match="history_intervals"):
        Genesis(bytes(8), bytes(32), START, history_intervals=95)


# ---- files ----


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history SET value = x'80' WHERE number = 13 AND interval = 980003",
        "UPDATE history_roots SET root = zeroblob(32) WHERE interval = 980002",
        "DELETE FROM history_roots WHERE interval = 980002",
    ],
)
def test_a_changed_history_is_found(world, path, change):
    with sqlite3.connect(path) as database:
        assert database.execute(change).rowcount == 1
    database.close()
    assert len(verify(path, world.genesis).faults) == 1


def test_history_is_dropped_and_what_somebody_kept_is_proved_still(world, path):
    file = LedgerFile(path, is_writing=False)
    before = file.history.of_interval(START + 1)
    file.close()
    dropped = CliRunner().invoke(app, ["prune", str(path), str(START + 5)])
    assert dropped.exit_code == 0 and "rows dropped" in dropped.output
    file = LedgerFile(path, is_writing=False)
    assert before and not file.history.of_interval(START + 1) and file.history.of_interval(START + 5)
    assert sorted(file.history.roots()) == list(range(START, START + LEFT))
    file.close()
    assert not verify(path, world.genesis).faults
    EmbeddedLedger.open(path, world.genesis).close()
    missing = path.with_name("missing.sqlite")
    assert CliRunner().invoke(app, ["prune", str(missing), str(START)]).exit_code == 2 and not missing.exists()


def test_a_snapshot_begins_a_node_that_goes_on_as_the_others_do(world, path, tmp_path):
    snapshot, copy, genesis = tmp_path / "snapshot", tmp_path / "copy.sqlite", tmp_path / "genesis.toml"
    run = CliRunner().invoke
    assert run(app, ["snapshot", str(path), str(genesis), str(snapshot)]).exit_code == 0
    assert run(app, ["snapshot", str(path), str(genesis), str(tmp_path / "no" / "snapshot")]).exit_code == 2
    trusted = world.state.app_hash.hex()
    assert run(app, ["restore", str(copy), str(genesis), str(snapshot), "--app-hash", trusted]).exit_code == 0
    nodes = [EmbeddedLedger.open(one, world.genesis) for one in (path, copy)]
    more = World(history_intervals=96)
    more.state, more.log = nodes[0].state, []
    for number in range(1, 6):
        transactions = [more.advance(world.state.interval + number)]
        blocks = [node.commit(transactions) for node in nodes]
        assert blocks[0] == blocks[1] and blocks[0].statuses == (Status.APPLIED,)
    files = [LedgerFile(one, is_writing=False) for one in (path, copy)]
    assert files[0].history.roots() == files[1].history.roots()
    assert files[0].history.of_interval(START + LEFT + 1) == files[1].history.of_interval(START + LEFT + 1) != []
    for open_one in (*nodes, *files):
        open_one.close()
    assert verify(copy, world.genesis).faults, "without the snapshot it begins nowhere"
    assert not verify(copy, world.genesis, snapshot).faults
    assert run(app, ["verify", str(copy), str(genesis), "--begun-with", str(snapshot)]).exit_code == 0


def test_a_snapshot_that_is_not_what_it_says(world, path, tmp_path):
    made = write(path, world.genesis, tmp_path / "snapshot")
    chunk = made.chunks[0]
    flipped = chunk[:5000] + bytes([chunk[5000] ^ 1]) + chunk[5001:]
    roots = {**made.roots, START: bytes(32)}
    for wrong in (made._replace(chunks=[flipped]), made._replace(roots=roots), made._replace(chunks=[chunk[:-7]])):
        with pytest.raises(LedgerError):
            restore(wrong, tmp_path / "copy.sqlite", world.genesis, made.app_hash)
        assert not (tmp_path / "copy.sqlite").exists()
    with pytest.raises(LedgerError):
        restore(made, tmp_path / "copy.sqlite", world.genesis, bytes(32))
    with pytest.raises(LedgerError, match="already"):
        restore(made, path, world.genesis, made.app_hash)
    (tmp_path / "rubbish").write_bytes(b"\x81\x01")
    with pytest.raises(LedgerCorrupt):
        read(tmp_path / "rubbish")


def test_a_file_of_the_first_version_is_brought_up_to_date(world, tmp_path):
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as database:
        database.executescript(SCHEMA)
    database.close()
    file = LedgerFile(path, is_writing=False)
    assert file.header(1) is None and file.history.roots() == {}, "and can be read before"
    file.close()
    file = LedgerFile(path, is_writing=True)
    names = [row[0] for row in file._rows("SELECT name FROM migrations ORDER BY name")]
    assert names == sorted(one.name for one in FOLDER.glob("*.sql")) and load_state(file, world.genesis)
    assert migrate(file._database) == []
    file.close()


@pytest.mark.parametrize(
    "change",
    ["UPDATE migrations SET digest = x'00'", "INSERT INTO migrations VALUES ('9999_of_tomorrow.sql', x'00')"],
)
def test_a_file_of_another_version_is_refused(path, world, change):
    with sqlite3.connect(path) as database:
        database.execute(change)
    database.close()
    with pytest.raises(LedgerCorrupt, match="migration"):
        EmbeddedLedger.open(path, world.genesis)


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path):
    (tmp_path / "0001_good.sql").write_text("CREATE TABLE a (b);\n")
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE c (d);\nCREATE TABLE a (b);\n")
    database = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, tmp_path)
    assert [name for (name,) in database.execute("SELECT name FROM migrations")] == ["0001_good.sql"]
    assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'c'").fetchall()


def test_peaks_are_few(world):
    assert len(world.state.archive.get(PEAKS).hashes) == LEFT.bit_count()
