"""
Flash images as they leave the factory: LittleFS2 with a device's config and key, made
by the same interpreter and file system that the devices run on.
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hil import interpreter
from hil.errors import BenchError

BOARD = Path(__file__).parent / "board"
BLOCK_SIZE = 4096
BLOCKS = 512  # the 2 MiB data partition of a 4 MiB module


def make(images: Mapping[Path, Mapping[str, bytes]], folder: Path) -> None:
    """Writes each image with its files (name -> bytes). `folder` takes the working files."""
    listing = folder / "images.json"
    listing.write_text(
        json.dumps({str(path): {name: data.hex() for name, data in files.items()} for path, files in images.items()})
    )
    for path in images:
        path.write_bytes(b"\xff" * BLOCK_SIZE * BLOCKS)
    _run(BOARD / "make_images.py", str(listing))
    listing.unlink()


def read(images: Mapping[str, Path], script: Path, paths: list[Path], folder: Path) -> dict:
    """What `script` (see board/read_image.py) finds in each image after power-off: name -> its JSON."""
    found = {}
    for name, image in images.items():
        output = _run(script, str(image), *map(str, paths))
        found[name] = json.loads(output)
    return found


def _run(script: Path, *arguments: str) -> str:
    command = [*interpreter.command(), "-X", "heapsize=16M", str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{script.name} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
