"""A script of this folder on MicroPython, with the firmware on its path."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from hil import interpreter

HERE = Path(__file__).parent
TOP = Path(__file__).parents[2]


def micropython(script: str, *arguments: str, before: Sequence[Path] = (), heap: str = "32M") -> str:
    """What it printed; it must end well. before: what stands first on its path."""
    done = subprocess.run(
        [*interpreter.command(), "-X", f"heapsize={heap}", str(HERE / script), *arguments],
        env={**os.environ, "MICROPYPATH": ":".join(map(str, [*before, HERE, TOP / "firmware", TOP, ".frozen"]))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    return done.stdout


def play_day(role: str, folder: Path, first: int, step: int, shares: str) -> list[str]:
    """The lines that whole_day.py printed."""
    path = (HERE / "by_hand", TOP / "hil" / "board")
    return micropython(
        "whole_day.py", role, str(folder), str(first), str(step), shares, before=path, heap="64M"
    ).splitlines()
