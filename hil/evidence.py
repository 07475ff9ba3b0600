"""
Evidence is what the bench writes down at the end of a day, before anybody judges it: six JSON files in OUT/evidence,
each from another witness. docs/report.md lists their fields.

bench       what was played: options, faults, replays, wall time
devices     each device's flash image and counters, read after the device has ended
plant       the physics' own truth: what flowed, whoever measured it
baseline    the same plant and seed without control
ledger      `python -m chain export`
aggregator  `python -m aggregator export`
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

WITNESSES = ("bench", "devices", "plant", "baseline", "ledger", "aggregator")

GRID_ID = "00" * 8  # the upper network, where a flow or a wallet names it


class EvidenceError(Exception):
    """A file of the evidence is missing or no JSON: the day did not end properly."""


class Evidence(NamedTuple):
    bench: dict[str, Any]
    devices: list[dict[str, Any]]
    plant: dict[str, Any]
    baseline: dict[str, Any]
    ledger: dict[str, Any]
    aggregator: dict[str, Any]

    def names(self) -> dict[str, str]:
        """device_id -> name."""
        return {device["device_id"]: device["name"] for device in self.devices} | {GRID_ID: "grid"}

    def meters(self) -> list[dict[str, Any]]:
        return [device for device in self.devices if device["role"] == "meter"]

    def intervals(self) -> dict[int, dict[str, Any]]:
        """The ledger's intervals by number."""
        return {book["interval"]: book for book in self.ledger["intervals"]}


def load(directory: Path) -> Evidence:
    """The evidence in `directory`. Raises EvidenceError."""
    return Evidence(*(_read(directory / f"{witness}.json") for witness in WITNESSES))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path}: {error}") from error
