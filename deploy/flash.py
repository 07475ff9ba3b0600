"""
Flashing is a list of steps from a board out of its bag to its first signed reading. Each is
a command of its own: esptool and mpremote run as processes, as a person would run them, so
`--dry-run` prints exactly what would be done.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from deploy.boards import Board
from deploy.errors import FlashError
from deploy.provision import PUBLIC_KEY, SerialLine, config_of


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
    """One board to flash. key: its secret seed, or None: it makes its own. micropython: an image to write first."""

    port: str
    board: Board
    tree: Path
    config: Path
    key: Path | None = None
    micropython: Path | None = None

    def settings(self) -> dict:
        """What the config says. Raises FlashError."""
        try:
            return json.loads(self.config.read_text(encoding="utf-8"))
        except ValueError as error:
            raise FlashError(f"{self.config} is not JSON: {error}") from error

    def firmware_steps(self) -> Iterator[Step]:
        if self.micropython:
            yield from _micropython(self.port, self.board, self.micropython)
        top = [str(path) for path in sorted(self.tree.iterdir())]
        yield self._mpremote("copy the firmware", "fs", "cp", "-r", *top, ":/")

    def identity_steps(self) -> Iterator[Step]:
        """A key of the host's is copied; one of its own the board makes and answers for (`provision.SerialLine`)."""
        if not self.key:
            yield self._mpremote("provision: the board makes its key and tells the public half", "exec", PUBLIC_KEY)
        yield self._mpremote("provision: config.json", "fs", "cp", str(self.config), ":/config.json")
        if self.key:
            yield self._mpremote("provision: key.bin", "fs", "cp", str(self.key), ":/key.bin")
        yield self._mpremote("restart the board", "reset")

    def steps(self) -> Iterator[Step]:
        """All of them, in order."""
        yield from self.firmware_steps()
        yield from self.identity_steps()

    def _mpremote(self, what: str, *arguments: str) -> Step:
        return Step(what, (sys.executable, "-m", "mpremote", "connect", self.port, *arguments))


def _micropython(port: str, board: Board, image: Path) -> Iterator[Step]:
    esptool = (sys.executable, "-m", "esptool", "--chip", board.chip, "--port", port)
    yield Step("erase the flash", (*esptool, "erase-flash"))
    yield Step("write MicroPython", (*esptool, "--baud", "460800", "write-flash", hex(board.image_offset), str(image)))


def flash(job: Job, say: Callable[[str], None]) -> bytes:
    """Does every step, saying which; the board's public key. Raises DeployError at the first step that fails."""
    if job.key:
        _run(job.steps(), say)
        return bytes(SigningKey(job.key.read_bytes()).verify_key)
    _run(job.firmware_steps(), say)
    say("provision: the board makes its key")
    line = SerialLine(job.port)
    public_key = line.public_key()
    say(f"provision: config.json, for the public key {public_key.hex()}")
    line.configure(config_of(job.settings(), public_key))
    return public_key


def _run(steps: Iterator[Step], say: Callable[[str], None]) -> None:
    for step in steps:
        say(step.what)
        step.run()
