"""
The verdict on a day: report.json from the evidence, and whether every invariant holds. Pure: the same evidence gives
the same verdict, on any machine and as often as it is asked.
"""

from collections import Counter
from typing import Any

from hil.benefit import benefit, better_in
from hil.consequences import consequences, refused
from hil.events import events
from hil.evidence import Evidence
from hil.invariants import CHECKS
from hil.readings import committed, duplicated, signed
from hil.receipts import opened

_FAULTS_SHOWN = 5


def judge(evidence: Evidence) -> dict[str, Any]:
    """report.json, as docs/report.md lists it. `holds` is the exit status of the run."""
    bench, ledger = evidence.bench, evidence.ledger
    invariants = [_invariant(evidence, name) for name in CHECKS]
    figures = benefit(evidence)
    better, worse = better_in(figures)
    return {
        "scenario": bench["scenario"],
        "seed": bench["seed"],
        "wall_s": bench["wall_s"],
        "simulated_s": bench["simulated_s"],
        "start_s": bench["start_s"],
        "options": bench["options"],
        "broker": bench["broker"],
        "devices": {name: bench[name] for name in ("meters", "mlmds", "micropython_processes")},
        "readings": readings(evidence),
        "ledger": {name: ledger[name] for name in ("height", "transactions", "app_hash", "statuses")},
        "prices": prices(evidence),
        "commands": commands(evidence),
        "latency_ms": latency_ms(bench["latency_ms"]),
        "conservation": dict(ledger["conservation"]),
        "benefit": {**figures, "better": better, "worse": worse},
        "device": _device(evidence),
        "replays": {"sent": bench["replays"], "refused": refused(evidence)},
        "faults": consequences(evidence),
        "events": events(evidence),
        "invariants": invariants,
        "holds": all(invariant["holds"] for invariant in invariants),
    }


def readings(evidence: Evidence) -> dict[str, Any]:
    """signed: by the flash images. committed: delivered for good (hil/readings.py)."""
    held, delivered = signed(evidence), committed(evidence)
    return {
        "signed": len(held),
        "committed": len(delivered),
        "lost": len(held.keys() - delivered.keys()),
        "duplicated": duplicated(evidence),
        "refused": sum(evidence.aggregator["refused"].values()),
        "refused_by_reason": evidence.aggregator["refused"],
        "not_billed": sum(not reading["billed"] for reading in evidence.aggregator["readings"]),
    }


def prices(evidence: Evidence) -> dict[str, Any]:
    """Of the intervals of the day that was played; the one that begins with its end is not counted."""
    ledger, books, played = evidence.ledger, evidence.intervals(), evidence.intervals_played()
    return {
        "intervals": sum(bool(books[interval]["price_micro_per_kwh"]) for interval in played if interval in books),
        "types": len(ledger["energy_types"]),
        "recomputed_equal": ledger["recomputed_equal"],
    }


def commands(evidence: Evidence) -> dict[str, Any]:
    """
    issued: signed by the aggregator. obeyed, refused: by the devices' verified receipts. expired: never acted on in
    their time, answered so or not at all. The rest is what devices counted of messages they did not even answer.
    """
    issued = evidence.aggregator["commands"]
    answers = {(answer.device_id, answer.receipt.command_sequence): answer for answer in opened(evidence)[0]}
    reasons = Counter(answer.reason for answer in answers.values() if not answer.is_obeyed)
    refused = sum(reasons.values())
    obeyed = len(answers) - refused
    late = reasons["expired"]
    unanswered = sum((command["device_id"], command["sequence"]) not in answers for command in issued)
    counted: Counter[str] = Counter()
    for device in evidence.devices:
        counted.update(device["counters"])
    return {
        "issued": len(issued),
        "obeyed": obeyed,
        "expired": late + unanswered,
        "refused": refused - late,
        "refused_by_reason": dict(sorted(reasons.items())),
        **{name: counted[f"commands_{name}"] for name in ("replayed", "forged", "foreign")},
        "stale": counted["commands_expired"],
    }


def latency_ms(measured: list[float] | None) -> dict[str, float | None]:
    """p50 and p99 from a price on the ledger to its verified receipt; null unless the day ran at SPEED=1."""
    if not measured:
        return {"p50": None, "p99": None}
    ordered = sorted(measured)
    return {name: round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 1) for name, percent in _RANKS}


_RANKS = (("p50", 50), ("p99", 99))


def _device(evidence: Evidence) -> dict[str, int]:
    def most(name: str, roles: tuple[str, ...] = ("meter", "mlmd")) -> int:
        return max((device[name] for device in evidence.devices if device["role"] in roles), default=0)

    heaps = {f"{role}_heap_peak_bytes": most("heap_peak_bytes", (role,)) for role in ("meter", "mlmd")}
    return {name: most(name) for name in ("heap_peak_bytes", "flash_erases_max")} | heaps


def _invariant(evidence: Evidence, name: str) -> dict[str, Any]:
    faults = list(CHECKS[name](evidence))
    what = (CHECKS[name].__doc__ or "").strip()
    return {"name": name, "holds": not faults, "what": what, "faults": faults[:_FAULTS_SHOWN], "count": len(faults)}
