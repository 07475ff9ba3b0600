"""What came of a fault, as far as the evidence shows it: for the eye, so that a fault without any effect is noticed."""

from collections import Counter
from typing import Any

from hil import openings
from hil.evidence import Evidence
from hil.invariants_of_faults import CODES, told_of
from hil.receipts import opened
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
    if name == "frequency_dip":
        return _shed(evidence, fault)
    if name == "locked_out":
        return _refused_by_hand(evidence, fault)
    code = CODES.get(name)
    return _told(told_of(evidence, fault, code)) if code else ""


def _shed(evidence: Evidence, fault: dict[str, Any]) -> str:
    """How deep it went, what switched off while the frequency was low, and when all was back."""
    told = told_of(evidence, fault, CODES[fault["name"]])
    if not told:
        return "nobody told of it"
    low_ms = range(fault["at_s"] * 1000, openings.end_ms(fault))
    off = {row["device"] for row in evidence.bench.get("switchings", []) if not row["on"] and row["at_ms"] in low_ms}
    breakers = {device["name"] for device in evidence.devices if device["role"] == "mlmd"}
    deepest = max(event["value"] for event in told)
    back_s = max(event["end_s"] for event in told) - fault["at_s"]
    switched = f"{len(off - breakers)} heaters and {len(off & breakers)} breakers switched off"
    return f"shed to stage {deepest}, {switched}, the last stage ended after {back_s} s"


def _refused_by_hand(evidence: Evidence, fault: dict[str, Any]) -> str:
    locked_s = range(fault["at_s"], fault["at_s"] + fault["lasts_s"])
    names = evidence.names()
    said = [answer for answer in opened(evidence)[0] if names.get(answer.device_id) == fault["device"]]
    count = sum(answer.reason == "locked_out" and answer.receipt.acted_s in locked_s for answer in said)
    return f"{count} commands refused by the hand at its switch"


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
    said = [answer for answer in opened(evidence)[0] if evidence.names().get(answer.device_id) == name]
    refused = sum(answer.reason in ("expired", "not_yet_valid", "no_time") for answer in said)
    return f"{count} of its readings are kept and never billed, {refused} commands refused because of their time"


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
