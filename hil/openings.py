"""
When a breaker has to open and close for what a scenario did to the grid, after the limits in docs/protection.md:
computed here once more, from nothing of the firmware's, and held against the moments at which the plant saw
the contacts move.
"""

from typing import Any, NamedTuple

from hil.evidence import Evidence
from hil.grid_faults import TURNED_S

_ACT_MS = 20
_OVERVOLTAGE = ((390, 120), (340, 400), (290, 2_000), (265, 8_000))  # V, ms
_UNDERVOLTAGE = ((103.5, 300), (184, 3_000))
_DEAD_MS, _SETTLED_MS = 60_000, 10_000
_SLOW_MS = 2_000  # while it waits it looks once a second
STAGES = ((49_800, 5_000), (49_200, 500), (49_000, 200), (48_400, 200))  # mHz, ms below it
_STAGE_ENDS_MS, _SPREAD_MS = 300_000, 30_000
ASKED_MS = 1_000  # the metering chip tells the frequency twice a second
_OVERLOAD_MS = (100, 120_000)  # IEC 60898-1, Table 7: no trip at once, and within 120 s from 2.55 times rated on
_COOL_MS_MAX = 1_200_000


class Opening(NamedTuple):
    """A breaker opens between two moments, and closes again between two others. UTC ms."""

    device: str
    opens: range
    closes: range


def expected(evidence: Evidence) -> list[Opening]:
    """Of every fault of the grid that was played. An overload that lasts may open a breaker again and again."""
    found = []
    for fault in evidence.bench["faults"]:
        at_ms = fault["at_s"] * 1000
        if fault["name"] == "frequency_dip":
            found += _of_a_dip(evidence, fault, at_ms)
        elif fault["name"] in _OF:
            found.append(_OF[fault["name"]](fault, at_ms))
    return found


def stage_ms(fault: dict[str, Any], stage: int) -> int | None:
    """At which moment a dip has been below the stage's frequency for long enough; None: never."""
    limit_mhz, delay_ms = STAGES[stage - 1]
    at_ms, below_ms = fault["at_s"] * 1000, 0
    for mhz, lasts_s in fault["steps"]:
        if mhz >= limit_mhz:
            below_ms = 0
        elif below_ms + lasts_s * 1000 >= delay_ms:
            return int(at_ms + delay_ms - below_ms)
        else:
            below_ms += lasts_s * 1000
        at_ms += lasts_s * 1000
    return None


def end_ms(fault: dict[str, Any]) -> int:
    return int(fault["at_s"] + fault["lasts_s"]) * 1000


def _of_a_dip(evidence: Evidence, fault: dict[str, Any], _at_ms: int) -> list[Opening]:
    due_ms = stage_ms(fault, len(STAGES))
    if due_ms is None:
        return []
    closes_ms = end_ms(fault) + _STAGE_ENDS_MS
    closes = range(closes_ms, closes_ms + _SPREAD_MS + _SLOW_MS + 1)
    opens = range(due_ms, due_ms + ASKED_MS + 1)
    return [Opening(device["name"], opens, closes) for device in evidence.devices if device["role"] == "mlmd"]


def _of_a_short_circuit(fault: dict[str, Any], at_ms: int) -> Opening:
    turned_ms = end_ms(fault) + TURNED_S * 1000
    return Opening(fault["device"], range(at_ms, at_ms + _ACT_MS + 1), range(turned_ms, turned_ms + _ACT_MS + 1))


def _of_a_lock_out(fault: dict[str, Any], at_ms: int) -> Opening:
    turned_ms = end_ms(fault)
    return Opening(fault["device"], range(at_ms, at_ms + _ACT_MS + 1), range(turned_ms, turned_ms + _ACT_MS + 1))


def _of_overvoltage(fault: dict[str, Any], at_ms: int) -> Opening:
    return _of_voltage(fault, at_ms, next(ms for volts, ms in _OVERVOLTAGE if fault["voltage_v"] > volts))


def _of_undervoltage(fault: dict[str, Any], at_ms: int) -> Opening:
    return _of_voltage(fault, at_ms, next(ms for volts, ms in _UNDERVOLTAGE if fault["voltage_v"] < volts))


def _of_voltage(fault: dict[str, Any], at_ms: int, delay_ms: int) -> Opening:
    opens_ms = at_ms + delay_ms
    closes_ms = max(opens_ms + _DEAD_MS, end_ms(fault) + _SETTLED_MS)
    closes = range(closes_ms, closes_ms + _SLOW_MS + 1)
    return Opening(fault["device"], range(opens_ms, opens_ms + _ACT_MS + 1), closes)


def _of_an_overload(fault: dict[str, Any], at_ms: int) -> Opening:
    earliest_ms, latest_ms = _OVERLOAD_MS
    opens = range(at_ms + earliest_ms, end_ms(fault) + latest_ms + 1)
    return Opening(fault["device"], opens, range(opens.start + _DEAD_MS, opens.stop + _COOL_MS_MAX))


_OF = {
    "short_circuit": _of_a_short_circuit,
    "breaker_locked_out": _of_a_lock_out,
    "overvoltage": _of_overvoltage,
    "undervoltage": _of_undervoltage,
    "overload": _of_an_overload,
}
