"""The two ends of a reading's way: what devices signed, by their flash images, and what was committed to the ledger."""

from typing import Any

from hil.evidence import Evidence

Key = tuple[str, int, int]  # device_id, boot, sequence


def key_of(reading: dict[str, Any]) -> Key:
    return reading["device_id"], reading["boot"], reading["sequence"]


def signed(evidence: Evidence) -> dict[Key, str]:
    """SHA-256 (hex) of every signed reading on the devices' flash."""
    return {
        (device["device_id"], reading["boot"], reading["sequence"]): reading["sha256"]
        for device in evidence.devices
        for reading in device["signed"]
    }


def committed(evidence: Evidence) -> dict[Key, str]:
    """SHA-256 (hex) of every reading the aggregator holds in a light block that is on the ledger."""
    on_ledger = {block["number"] for block in evidence.ledger["light_blocks"]}
    return {
        key_of(reading): reading["sha256"]
        for reading in evidence.aggregator["readings"]
        if reading["light_block"] in on_ledger
    }
