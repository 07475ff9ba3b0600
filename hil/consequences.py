"""What came of a fault, as far as the evidence shows it: for the eye, so that a fault without any effect is noticed."""

from collections import Counter
from typing import Any

from hil.evidence import Evidence
from hil.invariants_of_faults import CODES, told_of
from wire.interval import WINDOW_S
from wire.reading import AFTER_BOOT

_LATE_S = 60  # a light block that is later than this after its window waited for something
_FOLLOWS_S = 3600  # what is later than this after a fault is not put down to it


def consequences(evidence: Evidence) -> list[dict[str, Any]]:
    """The faults as the bench noted them, each with `change`: a sentence."""
    return [{**fault, "change": _change(evidence, fault)} for fault in evidence.bench["faults"]]


def _change(evidence: Evidence, fault: dict[str, Any]) -> str:
    name = fault["name"]
    if name == "broker_killed":
        return f"{_waited(evidence, fault['at_s'])} readings waited for the broker and were committed after"
    if name == "power_cut":
        return _rebooted(evidence, fault["device"])
    if name == "clock_jump":
        return _not_billed(evidence, fault["device"])
    if name == "replay":
        return refused_text(refused(evidence))
    code = CODES.get(name)
    return _told(told_of(evidence, fault, code)) if code else ""


def _told(found: list[dict[str, Any]]) -> str:
    if not found:
        return "nobody told of it"
    first = found[0]
    ended = f", ended after {first['end_s'] - first['begin_s']} s" if first["end_s"] else ""
    about = f" of {first['subject']}" if first["subject"] else ""
    return f"{first['device']}: {first['code'].replace('_', ' ')}{about}{ended}"


def _waited(evidence: Evidence, at_s: int) -> int:
    """Readings whose light block came late, within the hour after `at_s`."""
    created = {row["sha256"]: row["created_s"] for row in evidence.aggregator["submissions"]}
    late = 0
    for block in evidence.ledger["light_blocks"]:
        created_s = created.get(block["tx_hash"], 0)
        is_late = created_s > block["window_start_s"] + WINDOW_S + _LATE_S
        if is_late and at_s <= created_s < at_s + _FOLLOWS_S:
            late += block["reading_count"]
    return late


def _rebooted(evidence: Evidence, name: str) -> str:
    device = next(device for device in evidence.devices if device["name"] == name)
    spanning = _flagged(evidence, name, AFTER_BOOT)
    return f"{device['boots']} boots in all, {spanning} readings say they may span an outage"


def _readings(evidence: Evidence, name: str) -> list[dict[str, Any]]:
    device_id = next(device["device_id"] for device in evidence.devices if device["name"] == name)
    return [reading for reading in evidence.aggregator["readings"] if reading["device_id"] == device_id]


def _flagged(evidence: Evidence, name: str, flag: int) -> int:
    return sum(any(record["flags"] & flag for record in reading["records"]) for reading in _readings(evidence, name))


def _not_billed(evidence: Evidence, name: str) -> str:
    count = sum(not reading["billed"] for reading in _readings(evidence, name))
    return f"{count} of its readings are kept and never billed, because their time is not certain"


def refused(evidence: Evidence) -> dict[str, int]:
    """What was recognised as sent before: commands by the devices' counters, readings by the aggregator's."""
    counted: Counter[str] = Counter()
    for device in evidence.devices:
        counted.update(device["counters"])
    return {
        "command": counted["commands_replayed"] + counted["commands_expired"],
        "reading": evidence.aggregator["refused"].get("replayed", 0),
    }


def refused_text(counts: dict[str, int]) -> str:
    return f"over the day {counts['command']} commands and {counts['reading']} readings were recognised as old"
