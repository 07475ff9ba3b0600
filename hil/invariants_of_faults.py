"""
What the devices had to make of the grid's own faults. The bench says what it did, the
plant what came of it, and the events what the devices said of it, signed.
"""

from collections.abc import Iterable
from typing import Any

from hil.events import events
from hil.evidence import Evidence
from hil.invariants_of_protection import SHARED_AFTER_S

Faults = Iterable[str]
TRIP_MS_MAX = 20
FOUND_S_MAX = 3600
# What a fault of the scenario has to be told as.
CODES = {
    "short_circuit": "breaker_instantaneous",
    "overload": "breaker_overload",
    "overvoltage": "breaker_overvoltage",
    "undervoltage": "breaker_undervoltage",
    "breaker_locked_out": "breaker_manual",
    "frequency_dip": "load_shed",
    "silence": "meter_silent",
    "stuck_register": "register_stuck",
    "theft": "energy_unaccounted",
    "aggregator_gone": "aggregator_gone",
}
_OF_A_BREAKER = ("short_circuit", "overload", "overvoltage", "undervoltage", "breaker_locked_out")
_OF_A_METER = ("silence", "stuck_register")
_ENDED_S = 3 * 3600  # what began later than this before the end is not judged


def faults_are_told(evidence: Evidence) -> Faults:
    """Each fault of the grid is a signed event of the right kind within the hour, and has ended by itself."""
    end_s = evidence.bench["start_s"] + evidence.bench["simulated_s"]
    for fault in evidence.bench["faults"]:
        code = CODES.get(fault["name"])
        if code is None or fault["at_s"] + _ENDED_S > end_s:
            continue
        told = told_of(evidence, fault, code)
        if not told:
            yield f"nobody told of {fault['name']} at {fault['at_s']}"
        elif not any(event["end_s"] for event in told):
            yield f"{code} of {fault['name']} at {fault['at_s']} has not ended"


def told_of(evidence: Evidence, fault: dict[str, Any], code: str) -> list[dict[str, Any]]:
    """The events of this code that began in the hour after the fault: by the breaker it befell, or of that meter."""
    after = range(fault["at_s"], fault["at_s"] + FOUND_S_MAX + 1)
    said = [event for event in events(evidence) if event["code"] == code and event["begin_s"] in after]
    if fault["name"] in _OF_A_BREAKER:
        return [event for event in said if event["device"] == fault["device"]]
    return [event for event in said if fault["name"] not in _OF_A_METER or event["subject"] == fault["device"]]


def breakers_open_in_time(evidence: Evidence) -> Faults:
    """From the first ampere of a short circuit to the open contact pass no more than 20 ms."""
    for trip in evidence.bench.get("trips", []):
        if trip["latency_ms"] > TRIP_MS_MAX:
            yield f"{trip['area']} took {trip['latency_ms']} ms"


def feeder_is_held_without_its_aggregator(evidence: Evidence) -> Faults:
    """While the aggregator is gone and its M-LMDs share the feeder, it carries no more than its limit."""
    series = evidence.plant["series"]
    for fault in evidence.bench["faults"]:
        if fault["name"] != "aggregator_gone":
            continue
        begin_s, end_s = fault["at_s"] + SHARED_AFTER_S, fault["at_s"] + fault["lasts_s"]
        for number, power_w in enumerate(series["feeder_w"]):
            at_s = series["start_s"] + number * series["step_s"]
            if begin_s <= at_s < end_s and power_w > series["feeder_w_max"]:
                yield f"{power_w:.0f} W at {at_s}"
