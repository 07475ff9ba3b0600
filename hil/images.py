"""
Flash images: LittleFS2 with a device's config and key as it leaves the factory, and
what is on it when the day is over. Made and read by the same interpreter and file
system that the devices run on.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from deploy import build
from deploy.boards import BENCH
from hil import interpreter
from hil.errors import BenchError

BOARD = Path(__file__).parent / "board"
TOP = Path(__file__).parents[1]
FIRMWARE = TOP / "firmware"
MAIN = Path("/rom/main.py")  # where a board that boots from ROM finds it
EMULATION_BYTES = 44 * 1024  # at most what the emulated modules take; C in the flash of a board
PROMISED_BYTES = 120 * 1024  # P9: what is alive on a device's heap at most
# What is thrown away lies there until it is collected: at most what main.py sets as threshold, 16 KB, and the gaps
# between what lives that a request did not fit in.
GARBAGE_BYTES = 24 * 1024
# What an M-LMD with TLS has alive beyond what is promised without it, and while it shakes hands (docs/hardware.md).
TLS_BYTES = 24 * 1024
HEAP_BYTES = {
    "meter": PROMISED_BYTES + GARBAGE_BYTES + EMULATION_BYTES,
    "mlmd": PROMISED_BYTES + TLS_BYTES + GARBAGE_BYTES + EMULATION_BYTES,
}
BENCH_BOARD = "esp32_devkit"  # whose pins the plant is wired to
SIZE = 2 << 20  # the data partition of a 4 MiB module


def make(images: Mapping[Path, Mapping[str, bytes]], folder: Path) -> None:
    """Writes each image with its files (name -> bytes). `folder` takes the working files."""
    listing = folder / "images.json"
    listing.write_text(
        json.dumps({str(path): {name: data.hex() for name, data in files.items()} for path, files in images.items()})
    )
    for path in images:
        path.write_bytes(b"")
        os.truncate(path, SIZE)
    _run(BOARD / "make_images.py", str(listing))
    listing.unlink()


def read(images: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """name -> {"signed": [{boot, sequence, sha256}], "counters": {...}} of each image, after power-off."""
    lines = _run(BOARD / "read_image.py", str(FIRMWARE), *map(str, images.values())).splitlines()
    return {name: json.loads(line) for name, line in zip(images, lines, strict=True)}


def device_tree(folder: Path) -> Path:
    """What stands beside the firmware on a device: a folder with the package `wire` and nothing else of ours."""
    tree = folder / "tree"
    tree.mkdir()
    (tree / "wire").symlink_to(TOP / "wire")
    return tree


def make_emulated(folder: Path) -> Path:
    """The ROMFS image of the emulated modules."""
    modules = {path.name: path for path in sorted(BOARD.glob("*.py"))}
    emulated = folder / "board.romfs"
    emulated.write_bytes(build.rom(build.compiled(modules, BENCH)))
    return emulated


@cache
def tree_of(role: str) -> Mapping[str, bytes]:
    """The files of a role's firmware as the bench's boards run it; of the sources as they were at the first call."""
    return build.tree(role, BENCH_BOARD, BENCH)


def make_roms(roles: Iterable[str], folder: Path) -> dict[str, tuple[Path, Path]]:
    """For each role the ROMFS images that a board of it boots from: its firmware, and the emulated modules."""
    emulated = make_emulated(folder)
    made = {}
    for role in roles:
        tree = folder / f"{role}.romfs"
        tree.write_bytes(build.rom(tree_of(role)))
        made[role] = (tree, emulated)
    return made


def _run(script: Path, *arguments: str) -> str:
    command = [*interpreter.command(), "-X", "heapsize=16M", str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{script.name} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
