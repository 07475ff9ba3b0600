"""
Flashing is a list of steps from a board out of its bag to its first signed reading. Each is
a command of its own: esptool and mpremote run as processes, as a person would run them, so
`--dry-run` prints exactly what would be done.

A board whose MicroPython has a ROMFS partition gets the image in the first of two slots, and
the selector: it can take part in updates over the air. Any other gets the files of the tree.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from deploy.boards import Board
from deploy.errors import FlashError
from deploy.provision import PUBLIC_KEY, SerialLine, config_of
from deploy.slots import slot_size

AUTO, SLOTS, TREE = LAYOUTS = ("auto", "slots", "tree")

_SIZE_OF_ROMFS = """\
import vfs
rom = vfs.rom_ioctl(2, 0) if hasattr(vfs, "rom_ioctl") and vfs.rom_ioctl(1) > 0 else None
print("romfs", rom.ioctl(4, 0) * rom.ioctl(5, 0) if rom else 0)
"""

# Everything of a firmware, and what is on record of slots; never the key, the config or readings.
_CLEAR = """\
import os
def clear(path):
    if os.stat(path)[0] & 0x4000:
        for name in os.listdir(path):
            clear(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)
for name in os.listdir():
    if name in ("main.py", "wire", "drivers", "boards", "release.json", "installed.json") or name.endswith(".mpy"):
        clear(name)
    if name == "state":
        for old in [old for old in os.listdir(name) if old[:-1] in ("slots", "update")]:
            clear("state/" + old)
"""


@dataclass(frozen=True)
class Step:
    what: str
    command: tuple[str, ...]

    def __str__(self) -> str:
        return f"# {self.what}\n{shlex.join(self.command)}"

    def run(self) -> str:
        """What the tool said. Raises FlashError with it."""
        done = subprocess.run(self.command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FlashError(f"{self.what}: failed\n  {shlex.join(self.command)}\n{done.stdout}{done.stderr}")
        return done.stdout


@dataclass(frozen=True)
class Job:
    """
    One board to flash. folder: what Build.write left. key: its secret seed, or None: it makes its own. micropython:
    an image to write first. layout: one of LAYOUTS.
    """

    port: str
    board: Board
    folder: Path
    config: Path
    key: Path | None = None
    micropython: Path | None = None
    layout: str = AUTO

    @property
    def rom(self) -> Path:
        return self.folder / "rom.img"

    def settings(self) -> dict:
        """What the config says. Raises FlashError."""
        try:
            return json.loads(self.config.read_text(encoding="utf-8"))
        except ValueError as error:
            raise FlashError(f"{self.config} is not JSON: {error}") from error

    def micropython_steps(self) -> Iterator[Step]:
        if self.micropython:
            esptool = (sys.executable, "-m", "esptool", "--chip", self.board.chip, "--port", self.port)
            at = hex(self.board.image_offset)
            yield Step("erase the flash", (*esptool, "erase-flash"))
            yield Step("write MicroPython", (*esptool, "--baud", "460800", "write-flash", at, str(self.micropython)))

    def question(self) -> Step:
        return self._mpremote("ask how large its ROMFS partition is", "exec", _SIZE_OF_ROMFS)

    def clearing(self) -> Step:
        return self._mpremote("clear what an earlier firmware left; key, config and readings stay", "exec", _CLEAR)

    def firmware_steps(self, layout: str) -> Iterator[Step]:
        """layout: SLOTS or TREE."""
        if layout == SLOTS:
            yield self._mpremote("write the image to slot 0", "romfs", "--partition", "0", "deploy", str(self.rom))
            yield self._copy("copy the selector", self.folder / "selector")
        else:
            yield self._copy("copy the firmware", self.folder / "tree")

    def identity_steps(self) -> Iterator[Step]:
        """A key of the host's is copied; one of its own the board makes and answers for (`provision.SerialLine`)."""
        if not self.key:
            yield self._mpremote("provision: the board makes its key and tells the public half", "exec", PUBLIC_KEY)
        yield self._mpremote("provision: config.json", "fs", "cp", str(self.config), ":/config.json")
        if self.key:
            yield self._mpremote("provision: key.bin", "fs", "cp", str(self.key), ":/key.bin")
        yield self._mpremote("restart the board", "reset")

    def plan(self) -> Iterator[str]:
        """What would be done, step by step; where the board has to be asked first, both ways."""
        yield from map(str, self.micropython_steps())
        if self.layout == AUTO:
            yield str(self.question())
            yield str(self.clearing())
            yield f"# -- with {2 * self._blocks()} bytes or more, in two slots:"
            yield from map(str, self.firmware_steps(SLOTS))
            yield "# -- with less, or none, as files:"
            yield from map(str, self.firmware_steps(TREE))
            yield "# -- then"
        else:
            yield str(self.clearing())
            yield from map(str, self.firmware_steps(self.layout))
        yield from map(str, self.identity_steps())

    def layout_for(self, partition_size: int) -> str:
        """SLOTS or TREE. Raises FlashError where slots are asked for and cannot be had."""
        fits = self.rom.stat().st_size <= slot_size(partition_size)
        if self.layout == SLOTS and not fits:
            raise FlashError(
                f"the board's ROMFS partition has {partition_size} bytes, and two slots of {self._blocks()} are wanted:"
                " see docs/hardware.md for a MicroPython that has one, or flash it with --layout tree"
            )
        return SLOTS if fits and self.layout != TREE else TREE

    def _blocks(self) -> int:
        """The image's size in whole blocks of flash."""
        return -(-self.rom.stat().st_size // 4096) * 4096

    def _copy(self, what: str, folder: Path) -> Step:
        return self._mpremote(what, "fs", "cp", "-r", *(str(path) for path in sorted(folder.iterdir())), ":/")

    def _mpremote(self, what: str, *arguments: str) -> Step:
        return Step(what, (sys.executable, "-m", "mpremote", "connect", self.port, *arguments))


def flash(job: Job, say: Callable[[str], None]) -> bytes:
    """Does every step, saying which; the board's public key. Raises DeployError at the first step that fails."""
    _run(job.micropython_steps(), say)
    layout = job.layout
    if layout != TREE:
        say(job.question().what)
        said = job.question().run()
        layout = job.layout_for(_size_in(said))
        say(
            f"it gets {'two slots' if layout == SLOTS else 'files: no room for two slots, and no updates over the air'}"
        )
    _run([job.clearing(), *job.firmware_steps(layout)], say)
    if job.key:
        _run(job.identity_steps(), say)
        return bytes(SigningKey(job.key.read_bytes()).verify_key)
    say("provision: the board makes its key")
    line = SerialLine(job.port)
    public_key = line.public_key()
    say(f"provision: config.json, for the public key {public_key.hex()}")
    line.configure(config_of(job.settings(), public_key))
    return public_key


def _size_in(said: str) -> int:
    """What the board answered to Job.question. Raises FlashError."""
    for line in said.splitlines():
        if line.startswith("romfs "):
            return int(line.split()[1])
    raise FlashError(f"the board did not say how large its ROMFS partition is:\n{said}")


def _run(steps: Iterable[Step], say: Callable[[str], None]) -> None:
    for step in steps:
        say(step.what)
        step.run()
