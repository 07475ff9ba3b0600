"""
What an operator does for new firmware: builds the images of all roles, signs a release with
several keys, and delivers boards with the selector on their flash and the first version in
their first slot. Pure but for the cross-compiler.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from deploy import build, slots
from deploy.boards import BENCH
from hil.identity import Identity
from hil.images import BENCH_BOARD
from wire import firmware, firmware_file, message, registration

PARTITION_SIZE = 256 * 1024  # ROMFS on a 4 MiB module: two slots
THRESHOLD, KEYS = 2, 3
LIFE_S = 14 * 86400  # of an announcement
ROLES = {"meter": registration.METER, "mlmd": registration.MLMD}

# What a bad image is made to do: lines that come first in its main.py.
FAULTS = {
    "raises": "raise RuntimeError('this image does not boot')",
    "hangs": "import time\nwhile True:\n    time.sleep(1)",
    "mute": """
import asyncio, espnow
def nobody(*_):
    raise OSError
asyncio.open_connection = espnow.ESPNow.send = nobody""",
}


def image(files: Mapping[str, bytes], version: int, fault: str | None = None) -> bytes:
    """The image of a tree: its main.py names the version and, for a demonstration, begins with a fault."""
    lines = FAULTS[fault] + "\n" if fault else ""
    return build.rom({**files, "main.py": f"# version {version}\n{lines}".encode() + files["main.py"]})


def release_keys(seed: int) -> list[Identity]:
    return [Identity.of(seed, f"release {number}") for number in range(1, KEYS + 1)]


def release(network_id: bytes, signers: Sequence[Identity], role: str, version: int, now_s: int, rom: bytes) -> bytes:
    """A release file."""
    first = firmware.piece_hash(firmware.pieces(rom)[0])
    board, digest = BENCH_BOARD.encode(), sha256(rom).digest()
    content = (ROLES[role], board, version, now_s, now_s + LIFE_S, len(rom), digest, first)
    kind, layout = firmware.KIND, firmware.LAYOUT
    said = [message.seal(kind, layout, content, one.id, network_id, one.sign) for one in signers[:THRESHOLD]]
    return firmware_file.encode(said, rom)


def device_files(keys: Sequence[Identity], version: int, rom: bytes) -> dict[str, bytes]:
    """What lies on a board's flash beside its config: the selector, and whose firmware it believes."""
    trust = slots.Trust(THRESHOLD, tuple(key.public_key for key in keys))
    return slots.selector(BENCH) | {slots.RELEASE: trust.release_json(slots.installed(version, rom))}


def partition(rom: bytes) -> bytes:
    """The ROMFS partition as it leaves the factory: slot 0 holds the first version, slot 1 nothing."""
    assert len(rom) <= PARTITION_SIZE // 2
    return rom.ljust(PARTITION_SIZE, b"\xff")
