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

from hil.errors import BenchError
from wire.interval import INTERVAL_S, interval_of
from wire.reading import RECORD

WITNESSES = ("bench", "devices", "plant", "baseline", "ledger", "aggregator")

_RECORD = tuple(name for name, _ in RECORD.fields)

GRID_ID = "00" * 8  # the upper network, where a flow or a wallet names it


class EvidenceError(BenchError):
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

    def intervals_played(self) -> range:
        """The market intervals of the day that was played: 48 on a whole one."""
        first = interval_of(self.bench["start_s"])
        return range(first, first + self.bench["simulated_s"] // INTERVAL_S)


def load(directory: Path) -> Evidence:
    """The evidence in `directory`. Raises EvidenceError."""
    evidence = Evidence(*(_read(directory / f"{witness}.json") for witness in WITNESSES))
    for reading in evidence.aggregator["readings"]:
        reading["records"] = [dict(zip(_RECORD, row, strict=True)) for row in reading["records"]]
    return evidence


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path}: {error}") from error
