"""
Flashing is a list of steps from a board out of its bag to its first signed reading. Each is
a command of its own: esptool and mpremote run as processes, as a person would run them, so
`--dry-run` prints exactly what would be done.
"""

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.boards import Board
from deploy.errors import FlashError


@dataclass(frozen=True)
class Step:
    what: str
    command: tuple[str, ...]

    def __str__(self) -> str:
        return f"# {self.what}\n{shlex.join(self.command)}"

    def run(self) -> None:
        """Raises FlashError with what the tool said."""
        done = subprocess.run(self.command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FlashError(f"{self.what}: failed\n  {shlex.join(self.command)}\n{done.stdout}{done.stderr}")


@dataclass(frozen=True)
class Job:
    """One board to flash. micropython: an image to write first. files: name on the board -> file of this host."""

    port: str
    board: Board
    tree: Path
    files: dict[str, Path]
    micropython: Path | None = None

    def steps(self) -> Iterator[Step]:
        if self.micropython:
            yield from _micropython(self.port, self.board, self.micropython)
        yield self._mpremote("copy the firmware", "fs", "cp", "-r", *self._top(), ":/")
        for name, path in self.files.items():
            yield self._mpremote(f"provision: {name}", "fs", "cp", str(path), f":/{name}")
        yield self._mpremote("restart the board", "reset")

    def _top(self) -> list[str]:
        return [str(path) for path in sorted(self.tree.iterdir())]

    def _mpremote(self, what: str, *arguments: str) -> Step:
        return Step(what, (sys.executable, "-m", "mpremote", "connect", self.port, *arguments))


def _micropython(port: str, board: Board, image: Path) -> Iterator[Step]:
    esptool = (sys.executable, "-m", "esptool", "--chip", board.chip, "--port", port)
    yield Step("erase the flash", (*esptool, "erase-flash"))
    yield Step("write MicroPython", (*esptool, "--baud", "460800", "write-flash", hex(board.image_offset), str(image)))


def flash(job: Job, say: Callable[[str], None]) -> None:
    """Does every step, saying which. Raises FlashError at the first that fails."""
    for step in job.steps():
        say(step.what)
        step.run()
