"""The other interpreter: runs a module of the tests under MicroPython's Unix port."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = os.environ.get("MICROPYTHON") or str(Path(sys.executable).with_name("micropython"))


def run(module: str, *arguments: str, heap: str = "4M") -> list[str]:
    """The lines that `module` prints; its failure fails the test with what it said."""
    path = f"{ROOT}:{ROOT / 'firmware'}:.frozen"
    done = subprocess.run(
        [PROGRAM, "-X", f"heapsize={heap}", "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | {"MICROPYPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.splitlines()
