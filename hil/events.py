"""
What devices found wrong and did to protect themselves, as the report tells it: an event's
beginning and its end are two signed messages of one device, code, subject and begin.
"""

from typing import Any

from hil.evidence import Evidence

_Key = tuple[str, str, str, int]


def events(evidence: Evidence) -> list[dict[str, Any]]:
    """One row for each event, in the order of their beginnings; end_s 0: it had not ended."""
    names = evidence.names()
    found: dict[_Key, dict[str, Any]] = {}
    for said in evidence.aggregator.get("events", []):
        key = (said["device_id"], said["code"], said["subject"], said["begin_s"])
        row = found.setdefault(
            key,
            {
                "begin_s": said["begin_s"],
                "end_s": 0,
                "code": said["code"],
                "device": names.get(said["device_id"], said["device_id"]),
                "subject": names.get(said["subject"], said["subject"]),
                "value": said["value"],
            },
        )
        row["end_s"] = max(row["end_s"], said["end_s"])
    return sorted(found.values(), key=lambda row: (row["begin_s"], row["device"], row["code"], row["subject"]))
