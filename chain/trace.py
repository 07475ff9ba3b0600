"""
A Trace follows one kWh over an exported ledger: a consumer's back to the plants it came from, or a producer's on to
whoever bought it, with the price, the decision, the command's receipt and the blocks that say so. Pure: the export is
the only thing it looks at, so whoever has verified a ledger can trace it.
"""

from collections import defaultdict
from typing import Any

from chain.share import pro_rata

GRID = "00" * 8
KWH = 1000

Exported = dict[str, Any]
Row = dict[str, Any]


class NothingToTrace(Exception):
    """No such meter or user, or no energy of theirs up to that interval."""


def trace(
    exported: Exported,
    who: str,
    is_sold: bool = False,
    interval: int | None = None,
    names: dict[str, str] | None = None,
    energy_wh: int = KWH,
) -> dict[str, Any]:
    """
    The last `energy_wh` that `who` (a meter or a user, by id or name) bought, or sold, up to and with `interval`.

    Raises NothingToTrace.
    """
    named = {GRID: "grid"} | (names or {})
    meters = _meters(exported, who, named)
    end = "producer" if is_sold else "consumer"
    steps: list[Row] = []
    for book in reversed(exported["intervals"]):
        if interval is None or book["interval"] <= interval:
            flows = [flow for flow in book["flows"] if flow[end] in meters]
            left_wh = energy_wh - sum(step["energy_wh"] for step in steps)
            steps += [_step(exported, book, flow, wh, named) for flow, wh in _last(flows, left_wh) if wh]
    if not steps:
        raise NothingToTrace(f"{who} {'sold' if is_sold else 'used'} nothing that is settled")
    return {
        "who": [_named(meter, named) for meter in meters],
        "direction": "sold" if is_sold else "used",
        "energy_wh": sum(step["energy_wh"] for step in steps),
        "money_micro": sum(step["money_micro"] for step in steps),
        "ends": _ends(steps, is_sold),
        "grid_mix_permille": exported["grid_mix_permille"],
        "steps": steps,
    }


def _meters(exported: Exported, who: str, names: dict[str, str]) -> list[str]:
    ids = {who} | {identity for identity, name in names.items() if name == who}
    meters = [
        row["subject_id"]
        for row in exported["registrations"]
        if row["role"] == "meter" and (row["subject_id"] in ids or row["owner_id"] in ids)
    ]
    if not meters:
        raise NothingToTrace(f"{who} is no meter, and no user who has one")
    return meters


def _last(flows: list[Row], left_wh: int) -> list[tuple[Row, int]]:
    """How much of each flow counts: all, or of all the same share when that is more than is left to follow."""
    keys = {number.to_bytes(4, "big"): flow["energy_wh"] for number, flow in enumerate(flows)}
    shares = pro_rata(keys, min(left_wh, sum(keys.values())))
    return list(zip(flows, shares.values(), strict=True))


def _step(exported: Exported, book: Row, flow: Row, energy_wh: int, names: dict[str, str]) -> Row:
    """One flow with every document on the ledger that stands behind it."""
    return {
        "interval": book["interval"],
        "start_s": book["start_s"],
        "plant": _named(flow["producer"], names),
        "taker": _named(flow["consumer"], names),
        "energy_type": exported["energy_types"][flow["energy_type"]],
        "energy_wh": energy_wh,
        "price_micro_per_kwh": flow["price_micro_per_kwh"],
        "money_micro": flow["money_micro"] * energy_wh // flow["energy_wh"],
        "origins": _origins(exported, flow, energy_wh, names),
        "price_block": book["price_height"],
        "settlement_block": book["settled_height"],
        "produced_in": _light_blocks(exported, book["interval"], flow["producer"]),
        "used_in": _light_blocks(exported, book["interval"], flow["consumer"]),
        "decisions": _decisions(exported, book["interval"], flow["consumer"]),
        "producer_decisions": _decisions(exported, book["interval"], flow["producer"]),
    }


def _origins(exported: Exported, flow: Row, energy_wh: int, names: dict[str, str]) -> list[Row]:
    """What came out of a battery, by what had gone in."""
    return [
        {
            "interval": origin["interval"],
            "plant": _named(origin["plant"], names),
            "energy_type": _type(exported, origin["energy_type"]),
            "energy_wh": wh,
        }
        for origin, wh in _last(flow["origins"], energy_wh if flow["origins"] else 0)
        if wh
    ]


def _type(exported: Exported, number: int | None) -> str:
    return "unknown" if number is None else exported["energy_types"][number]


def _named(identity: str, names: dict[str, str]) -> Row:
    return {"id": identity, "name": names.get(identity, identity)}


def _light_blocks(exported: Exported, interval: int, device_id: str) -> list[Row]:
    """The light blocks that carry what a device measured in an interval."""
    return [
        {"number": block["number"], "height": block["height"], "merkle_root": block["merkle_root"]}
        for block in exported["light_blocks"]
        if block["interval"] == interval and any(entry["device_id"] == device_id for entry in block["entries"])
    ]


def _decisions(exported: Exported, interval: int, device_id: str) -> list[Row]:
    """What contracts decided for a device in an interval; command and answer stand in its receipt."""
    return [
        {
            "decision_id": decision["decision_id"],
            "contract_id": decision["contract_id"],
            "action": decision["action"],
            "value": decision["value"],
            "reason": decision["reason_name"],
            "block": decision["height"],
            "receipt": decision["receipt"],
        }
        for decision in exported["decisions"]
        if decision["interval"] == interval and decision["device_id"] == device_id
    ]


def _ends(steps: list[Row], is_sold: bool) -> list[Row]:
    """Where the energy came from in the end, batteries seen through; or who took it. The most first."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for step in steps:
        for part in [step] if is_sold or not step["origins"] else step["origins"]:
            end = step["taker"] if is_sold else part["plant"]
            sums[end["id"], end["name"], part["energy_type"]] += part["energy_wh"]
    rows = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"id": identity, "name": name, "energy_type": energy_type, "energy_wh": wh}
        for (identity, name, energy_type), wh in rows
    ]
