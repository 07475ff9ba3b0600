"""However the bench ends, no process of its is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
RUNNING_S = 60.0  # patience with a busy machine
COMMAND = [sys.executable, "-m", "cli.main", "hil", "--speed", "100", "--meters", "3", "--mlmds", "1", "--out"]


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _until(condition) -> None:
    deadline = time.monotonic() + RUNNING_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _start(out: Path) -> subprocess.Popen:
    # What ignores Ctrl-C (a shell's background job) has its children ignore it, too: undone here.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [*COMMAND, str(out)], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("sign", "status", "text"),
    [
        (signal.SIGKILL, -signal.SIGKILL, ""),
        (signal.SIGINT, 130, "interrupted: every process has been ended"),
        (signal.SIGTERM, 130, "interrupted: every process has been ended"),
    ],
)
def test_nothing_outlives_the_bench(tmp_path, sign, status, text):
    bench = _start(tmp_path / "out")
    # A broker, two services, four devices.
    _until(lambda: len(_children(bench.pid)) == 7 or bench.poll() is not None)
    children = _children(bench.pid)
    assert len(children) == 7, bench.communicate()[0]
    os.kill(bench.pid, sign)
    assert text in bench.communicate(timeout=RUNNING_S)[0]
    assert bench.returncode == status
    _until(lambda: not any(map(_is_running, children)))


def test_a_device_that_ends_by_itself_fails_the_run(tmp_path):
    bench = _start(tmp_path / "out")
    _until(lambda: len(_children(bench.pid)) == 7 or bench.poll() is not None)
    children = _children(bench.pid)
    boards = [pid for pid in children if b"boot.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(boards[0], signal.SIGSEGV)  # as a fault of the interpreter would
    said = bench.communicate(timeout=RUNNING_S)[0]
    assert bench.returncode == 1
    assert "ended by itself (status -11)" in said
    _until(lambda: not any(map(_is_running, children)))
