"""
Writes the evidence of a day that was played: the bench's own notes, and what each
witness says when everything has ended (flash images, plant, ledger, aggregator).
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from hil import images
from hil.device import Device
from hil.errors import BenchError
from hil.provision import Network


def write(folder: Path, witness: str, says: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{witness}.json").write_text(json.dumps(says), encoding="utf-8")


def export(*arguments: str | Path) -> Any:
    """What `python -m <room> export ...` prints, as JSON."""
    command = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def devices(network: Network, boards: dict[str, Device]) -> list[dict[str, Any]]:
    """Of each device, from its flash and from the bench's count of its blocks' erases."""
    found = images.read({name: device.board.image for name, device in boards.items()})
    return [
        {
            "name": site.name,
            "device_id": network.devices[site.name].id.hex(),
            "role": site.role,
            "boots": boards[site.name].boots,
            "signed": found[site.name]["signed"],
            "counters": found[site.name]["counters"],
            "heap_peak_bytes": found[site.name]["counters"].get("heap_peak_bytes", 0),
            "flash_erases_max": max(boards[site.name].erases.values(), default=0),
        }
        for site in network.sites
    ]
