"""
A child process of the bench, started so that it cannot outlive it: the kernel kills
it when the bench dies, and Ctrl-C in the terminal reaches the bench alone.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_TAIL_BYTES = 8192


def _die_with(parent: int):
    if sys.platform != "linux":
        return None  # the end of the control channel is the only sign there
    prctl = ctypes.CDLL(None).prctl

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def spawn(
    command: Sequence[str], log: Path, inherit: Sequence[int] = (), environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Starts `command`, its output appended to `log`, with the descriptors `inherit`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=inherit,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509  the bench has one thread
        )


def end(process: subprocess.Popen[bytes], patience_s: float = 0.0) -> None:
    """Ends `process`: asks first when there is patience, then kills; always reaps."""
    if process.poll() is None and patience_s:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    if process.poll() is None:
        process.kill()
    process.wait()


def was_killed(status: int) -> bool:
    """Whether an exit status says that somebody ended the process by hand."""
    return -status in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)


def log_tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, indented, for an error's text."""
    if not log.exists():
        return "  (no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        text = file.read().decode(errors="replace")
    return "\n".join("  " + line for line in text.splitlines()[-lines:]) or "  (empty log)"
