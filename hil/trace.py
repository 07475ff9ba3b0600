"""
One kWh's path from plant to wallet, picked out of the evidence: the flow a reader can follow best, with every document
it left on its way. Names and numbers only; hil/report.py draws it.
"""

from typing import Any

from hil.evidence import GRID_ID, Evidence
from wire import command
from wire.interval import interval_of


def trace(evidence: Evidence) -> dict[str, Any] | None:
    """
    The documents of one flow between neighbours: flow, lot (what it is made of, batteries seen through), reading,
    light_block, wallet and, where the consumer was told to take the energy, decision, command and receipt. None on a
    day on which no neighbour bought from another.
    """
    decided = _decisions(evidence)
    flows = [(book, flow) for book in evidence.ledger["intervals"] for flow in book["flows"] if _is_between(flow)]
    if not flows:
        return None
    book, flow = max(flows, key=lambda item: _worth(item[0]["interval"], item[1], decided))
    decision = decided.get((flow["consumer"], book["interval"]))
    reading = _reading(evidence, flow["producer"], book["interval"])
    return {
        "interval": book,
        "flow": flow,
        "lot": _lot(flow, book["interval"]),
        "reading": reading,
        "light_block": _light_block(evidence, reading),
        "seller": _wallet(evidence, flow["seller"]),
        "buyer": _wallet(evidence, flow["buyer"]),
        "decision": decision,
        "command": _command(evidence, decision),
        "receipt": decision["receipt"] if decision else None,
    }


def _lot(flow: dict[str, Any], interval: int) -> list[dict[str, Any]]:
    """The plants' lots in the flow, the largest first: the producer's own, or those its battery had stored."""
    if not flow.get("origins"):
        return [
            {name: flow[name] for name in ("energy_type", "energy_wh")}
            | {"plant": flow["producer"], "interval": interval}
        ]
    return sorted(flow["origins"], key=lambda origin: (-origin["energy_wh"], origin["interval"], origin["plant"]))


def _is_between(flow: dict[str, Any]) -> bool:
    return flow["seller"] != flow["buyer"] and GRID_ID not in (flow["seller"], flow["buyer"])


def _decisions(evidence: Evidence) -> dict[tuple[str, int], dict[str, Any]]:
    """By device and interval: decisions to take energy that the device obeyed."""
    return {
        (decision["device_id"], decision["interval"]): decision
        for decision in evidence.ledger["decisions"]
        if decision["receipt"] and decision["receipt"]["outcome"] == "obeyed" and decision["value"] > 0
    }


def _worth(
    interval: int, flow: dict[str, Any], decided: dict[tuple[str, int], dict[str, Any]]
) -> tuple[bool, bool, int]:
    """A flow to equipment that was switched on tells the most, the more if for the price; then the larger one."""
    decision = decided.get((flow["consumer"], interval))
    return decision is not None, decision is not None and decision["reason_name"] == "price", flow["energy_wh"]


def _reading(evidence: Evidence, device_id: str, interval: int) -> dict[str, Any] | None:
    """The producer's reading in the interval that carries the most."""
    readings = [
        reading
        for reading in evidence.aggregator["readings"]
        if reading["device_id"] == device_id and interval_of(reading["records"][0]["start_s"]) == interval
    ]
    return max(readings, key=_fed_wh, default=None)


def _fed_wh(reading: dict[str, Any]) -> int:
    return sum(record["produced_wh"] + record["discharged_wh"] for record in reading["records"])


def _light_block(evidence: Evidence, reading: dict[str, Any] | None) -> dict[str, Any] | None:
    number = reading and reading["light_block"]
    return next((block for block in evidence.ledger["light_blocks"] if block["number"] == number), None)


def _wallet(evidence: Evidence, owner_id: str) -> dict[str, Any]:
    return {"owner_id": owner_id, **evidence.ledger["wallets"][owner_id]}


def _command(evidence: Evidence, decision: dict[str, Any] | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    sequence = decision["receipt"]["command_sequence"]
    for issued in evidence.aggregator["commands"]:
        if issued["device_id"] == decision["device_id"] and issued["sequence"] == sequence:
            return issued
    return None


def action_text(action: int, value: int) -> str:
    """What a command asks for, in words."""
    if action == command.RELAY:
        return "heater on" if value else "heater off"
    if action == command.BREAKER:
        return "breaker closed" if value else "breaker open"
    if value == 0:
        return "battery idle"
    return f"battery {'charge' if value > 0 else 'discharge'} {abs(value)} W"
