"""
What breakers and relays had to do about the grid's faults: open in time and for nothing else, stay open as long as the
standard's limits, a dead time or a hand say, and close again. The plant saw every contact move.
"""

from collections.abc import Iterable
from typing import Any

from hil import openings
from hil.events import events
from hil.evidence import Evidence

Faults = Iterable[str]
_OBEYED_MS = 3_000  # from a stage of load shedding to the relay: asked, ordered over the radio, switched
_TOLD_S = 2
_HEATERS_STAGE = 2
_COMFORT_K = 1.0  # a tank this close to its lower limit is heated whatever the frequency


def breakers_open_and_close_as_they_must(evidence: Evidence) -> Faults:
    """Each breaker opened for each of its faults within the limits, closed again as it must, and opened for nothing."""
    end_ms = (evidence.bench["start_s"] + evidence.bench["simulated_s"]) * 1000
    spans = _open_spans(evidence)
    wanted = [one for one in openings.expected(evidence) if one.closes.stop < end_ms]
    for one in wanted:
        found = [span for span in spans if span[0] == one.device and span[1] in one.opens]
        if not found:
            yield f"{one.device} has not opened between {one.opens.start} and {one.opens.stop}"
        for _, opened_ms, closed_ms in found:
            if closed_ms is None or closed_ms not in one.closes:
                yield f"{one.device}, opened at {opened_ms}, closed at {closed_ms}"
    for name, opened_ms, _ in spans:
        if not any(name == one.device and opened_ms in one.opens for one in openings.expected(evidence)):
            yield f"{name} opened at {opened_ms} for nothing"


def load_is_shed_by_frequency(evidence: Evidence) -> Faults:
    """Every stage a dip called for is told by every M-LMD; from the second on no heater is on but for comfort."""
    told = events(evidence)
    mlmds = [device["name"] for device in evidence.devices if device["role"] == "mlmd"]
    for fault in evidence.bench["faults"]:
        if fault["name"] != "frequency_dip":
            continue
        for stage in range(1, len(openings.STAGES) + 1):
            due_ms = openings.stage_ms(fault, stage)
            if due_ms is None:
                break
            due_s = range(due_ms // 1000, due_ms // 1000 + _TOLD_S + 1)
            said = {one["device"] for one in told if _is_stage(one, stage) and one["begin_s"] in due_s}
            for name in sorted(set(mlmds) - said):
                yield f"{name} has not told of stage {stage} at {due_ms // 1000}"
        yield from _heaters_stay_off(evidence, fault)


def _is_stage(event: dict[str, Any], stage: int) -> bool:
    return event["code"] == "load_shed" and event["subject"] == f"{stage:02x}"


def _heaters_stay_off(evidence: Evidence, fault: dict[str, Any]) -> Faults:
    due_ms = openings.stage_ms(fault, _HEATERS_STAGE)
    if due_ms is None:
        return
    for name in evidence.plant["series"]["relay"]:
        on = _is_on(evidence, name, range(due_ms + _OBEYED_MS, openings.end_ms(fault)))
        if on and not _needs_comfort(evidence, name, fault["at_s"]):
            yield f"{name} heated during the dip at {fault['at_s']}"


def locked_out_heaters_stay_off(evidence: Evidence) -> Faults:
    """While a meter's manual switch is in lock-out its heater is off, whatever is commanded."""
    for fault in evidence.bench["faults"]:
        if fault["name"] == "locked_out":
            locked = range(fault["at_s"] * 1000 + 1, openings.end_ms(fault))
            if _is_on(evidence, fault["device"], locked):
                yield f"{fault['device']} heated while it was locked out"


def lines_are_held_without_their_aggregator(evidence: Evidence) -> Faults:
    """While the aggregator is gone no micro area, no line and no transformer carries more than its limit."""
    series = evidence.plant["series"]
    rows = [(name, peaks, series["area_w_max"][name]) for name, peaks in series.get("area_w_peak", {}).items()]
    rows += [(name, series[name], 1.0) for name in ("line_loading_max", "trafo_loading_max") if name in series]
    for fault in evidence.bench["faults"]:
        if fault["name"] == "aggregator_gone":
            for number in _steps_of(series, fault):
                for name, values, limit in rows:
                    if values[number] > limit:
                        yield f"{name}: {values[number]} of {limit} at {series['start_s'] + number * series['step_s']}"


SHARED_AFTER_S = 900  # until every M-LMD knows that its aggregator is gone


def _steps_of(series: dict[str, Any], fault: dict[str, Any]) -> range:
    begin_s = fault["at_s"] + SHARED_AFTER_S - series["start_s"]
    end_s = fault["at_s"] + fault["lasts_s"] - series["start_s"]
    return range(-(-begin_s // series["step_s"]), min(end_s // series["step_s"], len(series["feeder_w"])))


def _moves(evidence: Evidence, name: str) -> list[tuple[int, bool]]:
    return [(row["at_ms"], row["on"]) for row in evidence.bench.get("switchings", []) if row["device"] == name]


def _open_spans(evidence: Evidence) -> list[tuple[str, int, int | None]]:
    """(M-LMD, when it opened, when it closed again or None), of breakers that were closed at the start."""
    spans: list[tuple[str, int, int | None]] = []
    for device in evidence.devices:
        if device["role"] == "mlmd":
            for at_ms, on in _moves(evidence, device["name"]):
                if not on:
                    spans.append((device["name"], at_ms, None))
                elif spans and spans[-1][0] == device["name"]:
                    spans[-1] = (*spans[-1][:2], at_ms)
    return spans


def _is_on(evidence: Evidence, name: str, during_ms: range) -> bool:
    """Whether a heater's relay was on at any moment."""
    moves = _moves(evidence, name)
    before = [on for at_ms, on in moves if at_ms <= during_ms.start]
    return (before[-1:] or [False])[0] or any(on for at_ms, on in moves if at_ms in during_ms)


def _needs_comfort(evidence: Evidence, name: str, at_s: int) -> bool:
    series = evidence.plant["series"]
    step = min(max(0, (at_s - series["start_s"]) // series["step_s"]), len(series["tank_c"][name]) - 1)
    device_id = next(device["device_id"] for device in evidence.devices if device["name"] == name)
    limits = [
        contract["terms"]["temperature_mc_min"] / 1000
        for contract in evidence.ledger["contracts"]
        if contract["device_id"] == device_id and contract["kind"] == "deferrable"
    ]
    return not limits or bool(series["tank_c"][name][step] < max(limits) + _COMFORT_K)
