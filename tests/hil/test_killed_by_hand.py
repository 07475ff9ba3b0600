"""Somebody kills processes while the day runs: they come back, and nothing is lost."""

import json
import os
import signal

import pytest

from hil.options import Options
from hil.report import build
from hil.run import Run

START_S = 1469404800 + 10 * 3600
SMALL = {"meters": 4, "mlmds": 2, "hours": 1.5, "start": "10:00"}


def pid_of(run: Run, name: str) -> int:
    members = {service.name: service for service in run.services} | run.devices | {"broker": run.broker}
    process = members[name]._process
    assert process is not None
    return process.pid


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("aggregator", signal.SIGKILL),
        ("cloud", signal.SIGKILL),
        ("meter-02", signal.SIGKILL),
        ("mlmd-1", signal.SIGKILL),
        ("broker", signal.SIGKILL),
        ("aggregator", signal.SIGTERM),
        ("broker", signal.SIGTERM),
    ],
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
