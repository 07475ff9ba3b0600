"""New firmware on emulated boards: through aggregator, broker, M-LMD and radio, with the real selector."""

import json
from collections import defaultdict

import pytest

from hil.firmware import FAULTS
from hil.options import Options
from hil.report import build
from hil.rollout import FIRST, RELEASE_AFTER_S, SECOND, Rollout
from tests.exhaustive import or_some
from tests.hil.hostile import attack

ATTACKS_BEGIN_S = 60  # one each ten seconds, before the release


def roll_out(folder, fault=None, mlmds=1, cut=None, is_attacked=False) -> Rollout:
    run = Rollout(Options(meters=2, mlmds=mlmds, hours=1.0, start="11:00", out=folder), fault, lambda *_: None)
    sent: list[str] = []
    if cut or is_attacked:
        run_start = run._start

        def start() -> None:
            run_start()
            if is_attacked:
                sent.append(attack(run, "meter-02", ATTACKS_BEGIN_S))
                return
            device = run.devices["meter-02"]
            device.power_lost = lambda: run.time.at(run.time.now_ms + 30_000, device.power_on)
            run.time.at(run.time.now_ms + RELEASE_AFTER_S * 1000, lambda: device.arm_power_cut(cut))

        run._start = start
    run.play()
    assert build(run.evidence, run.out), json.loads((run.out / "report.json").read_text())["invariants"]
    assert not is_attacked or len(sent[0]) == 10
    for versions in versions_said(run).values():
        assert versions == sorted(versions), "the version fell"
    return run


def versions_said(run: Rollout) -> dict[str, list[int]]:
    """By device, the versions it said it ran, in the order of its starts."""
    said = defaultdict(list)
    events = json.loads((run.evidence / "aggregator.json").read_text())["events"]
    for one in sorted(events, key=lambda one: (one["boot"], one["sequence"])):
        if one["code"] == "firmware_running":
            said[one["device_id"]].append(one["value"])
    return said


def test_all_boards_run_the_new_version_and_no_reading_is_lost(tmp_path):
    """Before it is released, TUF's ten attacks on one of them: none makes it start anew, none shuts the door."""
    run = roll_out(tmp_path, is_attacked=True)
    assert set(run.versions()) == {SECOND}
    assert {device.boots for device in run.devices.values()} == {2}


# An image that does not boot, one that hangs and one that cannot reach the network.
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_version_runs_once_on_one_board(fault, tmp_path):
    run = roll_out(tmp_path, fault)
    assert set(run.versions()) == {FIRST}
    reasons = {"raises": "raised", "hangs": "hung", "mute": "no network"}
    assert [seen.reason for seen in run.seen.values() if seen.reason] == [reasons[fault]]
    assert sorted(device.boots for device in run.devices.values()) == [1, 1, 3]


@pytest.mark.parametrize("cut", or_some([200, 2, 460], 1))
def test_a_board_whose_power_fails_on_the_way_gets_there(cut, tmp_path):
    run = roll_out(tmp_path, cut=cut)
    assert set(run.versions()) == {SECOND}
    assert run.devices["meter-02"].boots > 2
