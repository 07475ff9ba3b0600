"""
What a board with two slots leaves the desk with, beside the image in its first slot: the
selector, what that image is, and whose firmware it will believe from then on.

The image is written to the ROMFS partition as it is: slot 0 begins where the partition does.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deploy.build import compiled, whole
from deploy.errors import ProvisionError
from deploy.modules import FIRMWARE

# On the board -> in firmware/. No update touches them.
_ROM = "rom.py"  # a file of its own: a board may have another
SELECTOR = {"main.py": "start.py"} | {name: name for name in ("selector.py", "choice.py", "slots.py", "twin.py")}
INSTALLED, RELEASE = "installed.json", "release.json"
BLOCK_SIZE = 4096


def selector(architecture: str) -> dict[str, bytes]:
    """The files of the selector, by their name on the board. Raises BuildError."""
    rom = compiled({_ROM: FIRMWARE / _ROM}, architecture)
    return rom | whole({name: FIRMWARE / source for name, source in SELECTOR.items()}, "selector.py", architecture)


def slot_size(partition_size: int) -> int:
    """Of a ROMFS partition, both in bytes."""
    return partition_size // BLOCK_SIZE // 2 * BLOCK_SIZE


def installed(version: int, rom: bytes) -> dict:
    """What slot 0 holds, as firmware/renewal.py wants to know it."""
    return {"version": version, "size": len(rom), "sha256": sha256(rom).hexdigest()}


@dataclass(frozen=True)
class Trust:
    """Whose releases a board takes: at least `threshold` of these keys must have signed one."""

    threshold: int
    keys: tuple[bytes, ...]

    @classmethod
    def load(cls, path: Path) -> "Trust":
        """From JSON: {"threshold": 2, "keys": [64 hex digits each]}. Raises ProvisionError."""
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            made = cls(int(table["threshold"]), tuple(bytes.fromhex(key) for key in table["keys"]))
        except (OSError, ValueError, TypeError, KeyError) as error:
            wanted = '{"threshold": 2, "keys": [64 hex digits each]}'
            raise ProvisionError(f"{path} must be {wanted}: {error}") from error
        made.check(path)
        return made

    def check(self, path: Path) -> None:
        if any(len(key) != 32 for key in self.keys) or len(set(self.keys)) != len(self.keys):
            raise ProvisionError(f"{path}: each release key must be 32 bytes in hex, and none may stand there twice")
        if not 1 <= self.threshold <= len(self.keys):
            raise ProvisionError(f"{path}: the threshold must be from 1 to the number of keys")

    def release_json(self, on_board: dict) -> bytes:
        """The file that makes a board take releases. on_board: what `installed` says of its slot 0."""
        keys = [key.hex() for key in self.keys]
        return json.dumps({"threshold": self.threshold, "keys": keys, "installed": on_board}).encode()
