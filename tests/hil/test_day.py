"""Short days, end to end: the command, its evidence and its verdict."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cometbft.nodes import need_cometbft

TOP = Path(__file__).parents[2]


def play(out: Path, *options: str) -> tuple[int, str, dict]:
    command = [sys.executable, "-m", "cli.main", "hil", "--out", str(out), *options]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    report = out / "report.json"
    return done.returncode, done.stdout + done.stderr, json.loads(report.read_text()) if report.exists() else {}


def test_the_same_seed_plays_the_same_day_on_either_broker_with_tls_and_without(tmp_path):
    small = ("--meters", "5", "--mlmds", "2", "--hours", "1", "--start", "10:00", "--seed", "3")
    status, said, first = play(tmp_path / "one", *small, "--broker", "amqtt")
    assert status == 0, said
    assert first["devices"] == {"meters": 5, "mlmds": 2, "micropython_processes": 7}
    assert first["readings"]["signed"] == first["readings"]["committed"] == 7 * 4
    assert (first["readings"]["lost"], first["readings"]["duplicated"]) == (0, 0)
    assert first["commands"]["obeyed"] > 0
    bench = json.loads((tmp_path / "one" / "evidence" / "bench.json").read_text())
    assert bench["tls"] == {"handshakes": 2, "refused": 0}
    status, said, second = play(tmp_path / "two", *small, "--no-tls")
    assert status == 0, said
    for what in ("ledger", "readings", "prices", "commands", "benefit"):
        assert first[what] == second[what], what


@pytest.mark.real
def test_the_same_seed_plays_the_same_day_on_either_engine(tmp_path):
    """Four validators agree on every block; the ledger they come to is the embedded engine's, to the last byte."""
    need_cometbft()
    small = ("--meters", "4", "--mlmds", "1", "--hours", "1", "--start", "10:00")
    ledgers = []
    for engine in ("embedded", "cometbft"):
        status, said, report = play(tmp_path / engine, *small, "--engine", engine)
        assert status == 0, said
        assert report["readings"]["lost"] == report["readings"]["duplicated"] == 0 < report["commands"]["obeyed"]
        ledgers.append((tmp_path / engine / "evidence" / "ledger.json").read_bytes())
    assert ledgers[0] == ledgers[1]
    validators = json.loads((tmp_path / "cometbft" / "evidence" / "bench.json").read_text())["validators"]
    assert [validator["app_hash"] for validator in validators] == [report["ledger"]["app_hash"]] * 4


def test_without_cometbft_the_day_does_not_begin(tmp_path, monkeypatch):
    monkeypatch.setenv("COMETBFT", "/nowhere/cometbft")
    status, said, _ = play(tmp_path, "--meters", "1", "--mlmds", "1", "--engine", "cometbft")
    assert status == 1
    assert "go install github.com/cometbft/cometbft/cmd/cometbft@" in said


def test_faults_of_the_scenario_are_carried_out(tmp_path):
    options = ("--scenario", "rough_day", "--meters", "4", "--mlmds", "1", "--start", "05:00", "--hours", "9")
    status, said, report = play(tmp_path / "rough", *options)
    assert status == 0, said
    names = [fault["name"] for fault in report["faults"]]
    assert names == ["broker_killed", "power_cut", "clock_jump", "replay", "clock_jump", "clock_jump"]
    evidence = json.loads((tmp_path / "rough" / "evidence" / "bench.json").read_text())
    assert evidence["tap"]["debts_forgiven"] == 0
    assert {"air/command", "air/reading", "mqtt/bundle", "mqtt/registration"} <= evidence["replays"].keys()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--meters", "0"), "METERS=0: allowed are 1 to 300"),
        (("--scenario", "none"), "SCENARIO=none: not one of sunny_day, evening_peak, rough_day"),
    ],
)
def test_bad_options_end_before_anything_starts(tmp_path, options, text):
    status, said, _ = play(tmp_path / "out", *options)
    assert status == 2
    assert text in said
    assert not (tmp_path / "out").exists()


def test_nobody_elses_files_are_removed(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mine").write_text("something of mine")
    status, said, _ = play(tmp_path, "--meters", "1", "--mlmds", "1")
    assert status == 2
    assert "its logs is not of an earlier run" in said
    assert (tmp_path / "logs" / "mine").exists()
