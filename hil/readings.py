"""The two ends of a reading's way: what devices signed, by their flash images, and what was delivered for good."""

from collections import Counter
from typing import Any

from hil.evidence import Evidence
from wire.interval import window_start

Key = tuple[str, int, int]  # device_id, boot, sequence


def key_of(reading: dict[str, Any]) -> Key:
    return reading["device_id"], reading["boot"], reading["sequence"]


def revoked(evidence: Evidence) -> set[str]:
    """The devices that the operator ended, by id."""
    return {item["subject_id"] for item in evidence.ledger["registrations"] if item.get("is_revoked")}


def signed(evidence: Evidence) -> dict[Key, str]:
    """
    SHA-256 (hex) of every signed reading on the devices' flash; of a device that was revoked, until the last one that
    was taken: what it signs afterwards is refused.
    """
    found = {
        (device["device_id"], reading["boot"], reading["sequence"]): reading["sha256"]
        for device in evidence.devices
        for reading in device["signed"]
    }
    ended = revoked(evidence)
    last = {
        device_id: max((key for key in committed(evidence) if key[0] == device_id), default=()) for device_id in ended
    }
    return {key: sha256 for key, sha256 in found.items() if key[0] not in ended or key <= last[key[0]]}


def committed(evidence: Evidence) -> dict[Key, str]:
    """
    SHA-256 (hex) of every reading that is in a light block on the ledger, or, when its time was uncertain and it is
    never billed, on the aggregator's disk.
    """
    on_ledger = {block["number"] for block in evidence.ledger["light_blocks"]}
    return {
        key_of(reading): reading["sha256"]
        for reading in evidence.aggregator["readings"]
        if reading["light_block"] in on_ledger or not reading["billed"]
    }


def sealed_by_window(evidence: Evidence) -> tuple[Counter[int], Counter[int]]:
    """By window: how many readings the light blocks on the ledger say they hold, and how many there are to hold."""
    said: Counter[int] = Counter()
    for block in evidence.ledger["light_blocks"]:
        said[block["window_start_s"]] += block["reading_count"]
    there: Counter[int] = Counter()
    for reading in evidence.aggregator["readings"]:
        if reading["light_block"] and reading["billed"]:
            there.update({window_start(record["start_s"]) for record in reading["records"]})
    return said, there


def duplicated(evidence: Evidence) -> int:
    """How often a reading stands on the ledger or in the aggregator's store once more than once."""
    said, there = sealed_by_window(evidence)
    rows = Counter(key_of(reading) for reading in evidence.aggregator["readings"])
    return sum((said - there).values()) + sum(count - 1 for count in rows.values())
