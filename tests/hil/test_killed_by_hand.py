"""Somebody kills processes while the day runs: they come back, and nothing is lost."""

import json
import os
import signal
import subprocess

import pytest

from hil.options import Options
from hil.report import build
from hil.run import Run
from tests.cometbft.nodes import need_cometbft
from tests.exhaustive import or_some

START_S = 1469404800 + 10 * 3600
SMALL = {"meters": 4, "mlmds": 2, "hours": 1.5, "start": "10:00"}


def pid_of(run: Run, name: str) -> int:
    members = {service.name: service for service in run.services} | run.devices | {"broker": run.broker}
    process = members[name]._process
    assert process is not None
    return process.pid


@pytest.mark.parametrize(
    ("name", "how"),
    or_some(
        [
            ("aggregator", signal.SIGKILL),
            ("cloud", signal.SIGKILL),
            ("meter-02", signal.SIGKILL),
            ("mlmd-1", signal.SIGKILL),
            ("broker", signal.SIGKILL),
            ("aggregator", signal.SIGTERM),
            ("broker", signal.SIGTERM),
        ],
        5,
    ),
)
def test_what_is_killed_comes_back_and_nothing_is_lost(tmp_path, name, how):
    kills = [START_S + 15 * 60, START_S + 40 * 60]

    def kill_when_due(state):
        if kills and state["now_s"] >= kills[0]:
            kills.pop(0)
            os.kill(pid_of(run, name), how)

    run = Run(Options(out=tmp_path, **SMALL), kill_when_due)
    run.play()
    assert build(run.evidence, tmp_path), json.loads((tmp_path / "report.json").read_text())["invariants"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert [fault["device"] for fault in report["faults"]] == [name, name]
    assert report["readings"]["lost"] == report["readings"]["duplicated"] == 0
    assert report["readings"]["committed"] > 30


def pid_of_validator(run: Run, number: int) -> int:
    """Of its CometBFT."""
    home = str(run.out / "services" / "validators" / f"node{number}")
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in listed.splitlines() if line.endswith(f"start --home {home}")]
    return int(line.split()[0])


@pytest.mark.real
def test_with_validators_the_full_node_and_its_own_may_be_killed(tmp_path):
    need_cometbft()
    kills = [(START_S + 15 * 60, "cloud"), (START_S + 40 * 60, 0), (START_S + 45 * 60, 3)]

    def kill_when_due(state):
        if kills and state["now_s"] >= kills[0][0]:
            _, whom = kills.pop(0)
            os.kill(pid_of(run, whom) if isinstance(whom, str) else pid_of_validator(run, whom), signal.SIGKILL)

    run = Run(Options(out=tmp_path, engine="cometbft", meters=2, mlmds=1, hours=1.0, start="10:00"), kill_when_due)
    run.play()
    assert not kills
    assert build(run.evidence, tmp_path), json.loads((tmp_path / "report.json").read_text())["invariants"]
    assert (tmp_path / "logs" / "validators.log").read_text().count("was killed, and is started again") == 2
