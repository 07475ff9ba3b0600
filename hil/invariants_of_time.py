"""
Invariants of time: what a device is not sure about is measured and kept, and never billed; what it signs never goes
back; and a clock that jumped makes nobody act on a command whose time is over.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from hil.evidence import Evidence
from hil.receipts import opened
from wire.reading import TIME_UNCERTAIN

Faults = Iterable[str]


def uncertain_readings_are_not_billed(evidence: Evidence) -> Faults:
    """A reading that says its time is uncertain is in no light block and in nobody's bill."""
    for reading in evidence.aggregator["readings"]:
        if reading["billed"] and any(record["flags"] & TIME_UNCERTAIN for record in reading["records"]):
            yield f"{_who(evidence, reading)}: reading {reading['boot']}/{reading['sequence']} was billed"


def signed_time_never_goes_back(evidence: Evidence) -> Faults:
    """In the order of boots and sequences no record begins before the one before it ended."""
    of_device: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for reading in evidence.aggregator["readings"]:
        of_device[reading["device_id"]].append(reading)
    for readings in of_device.values():
        end_s = 0
        for reading in sorted(readings, key=lambda one: (one["boot"], one["sequence"])):
            for record in reading["records"]:
                if record["start_s"] < end_s:
                    yield f"{_who(evidence, reading)}: {record['start_s']} after {end_s}"
                end_s = record["start_s"] + record["duration_s"]


def jumped_clocks_never_act_late(evidence: Evidence) -> Faults:
    """What a device whose clock jumped has obeyed, the aggregator had its receipt of before the command expired."""
    jumped = {fault["device"] for fault in evidence.bench["faults"] if fault["name"] == "clock_jump"}
    names = evidence.names()
    commands = {(one["device_id"], one["sequence"]): one for one in evidence.aggregator["commands"]}
    for row in evidence.aggregator["receipts"]:
        command = commands.get((row["device_id"], row["command_sequence"]))
        is_late = command is not None and row["received_s"] >= command["expires_s"]
        if is_late and names.get(row["device_id"]) in jumped and _is_obeyed(evidence, row):
            yield f"{names[row['device_id']]}: command {row['command_sequence']} was obeyed after it had expired"


def _is_obeyed(evidence: Evidence, row: dict[str, Any]) -> bool:
    found, _ = opened(evidence)
    return any(
        one.is_obeyed and (one.device_id, one.receipt.sequence) == (row["device_id"], row["sequence"])
        for one in found
        if one.receipt.boot == row["boot"]
    )


def _who(evidence: Evidence, reading: dict[str, Any]) -> str:
    return evidence.names().get(reading["device_id"], reading["device_id"])
