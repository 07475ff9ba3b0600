"""
The report is what a person sees of a day: report.json for programs, report.html for eyes (one file, no request leaves
the machine), and a few lines for the terminal. What it says comes from hil/verdict.py; here it is only put into words.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hil import figures
from hil.evidence import Evidence, load
from hil.trace import action_text, trace
from hil.verdict import judge
from wire import energy_type

LOTS_SHOWN = 4  # of what a battery's energy is made of
WIDE, NARROW = (10.6, 3.9), (5.6, 3.4)  # inches

_BENEFIT = (
    ("peak_kw", "peak of quarter hours, kW", -1),
    ("cost", "cost of the day", -1),
    ("self_consumption_pct", "self-consumption of PV, %", 1),
    ("stored_kwh_change", "stored in batteries and tanks, kWh more than at the start", 0),
)


def build(evidence_dir: Path, out: Path) -> bool:
    """
    Judge the evidence and write out/report.json and out/report.html; whether every invariant holds.

    Raises EvidenceError when the evidence is not complete.
    """
    evidence = load(evidence_dir)
    report = judge(evidence)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (out / "report.html").write_text(html(evidence, report), encoding="utf-8")
    return report["holds"]


def html(evidence: Evidence, report: dict[str, Any]) -> str:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return templates.get_template("report.html").render(
        report=report,
        verdict=verdict_text(report),
        day=_day(evidence),
        zone=str(figures.zone()),
        tiles=_tiles(report),
        titles={name: title for name, (title, _) in figures.PICTURES.items()},
        wide={"load": _svg("load", evidence, WIDE)},
        narrow={name: _svg(name, evidence, NARROW) for name in figures.PICTURES},
        benefit=[_benefit_row(report["benefit"], *row) for row in _BENEFIT],
        commands=_command_rows(report["commands"]),
        path=_path(evidence),
        faults=[_fault(fault) for fault in report["faults"]],
        events=[_event(event) for event in report["events"]],
        light=figures.LIGHT,
        dark=figures.DARK,
    )


def verdict_text(report: dict[str, Any]) -> str:
    broken = sum(not invariant["holds"] for invariant in report["invariants"])
    if broken:
        return f"{broken} of {len(report['invariants'])} invariants broken"
    return f"all {len(report['invariants'])} invariants hold"


def _svg(name: str, evidence: Evidence, size: tuple[float, float]) -> Markup:
    return Markup(figures.svg(name, evidence, size))


def _day(evidence: Evidence) -> str:
    return datetime.fromtimestamp(evidence.bench["start_s"], figures.zone()).strftime("%A %d %B %Y")


def _clock(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, figures.zone()).strftime("%H:%M:%S")


def _heaps(device: dict[str, int]) -> str:
    return " / ".join(f"{device[f'{role}_heap_peak_bytes'] / 1024:.0f}" for role in ("meter", "mlmd")) + " KiB"


def _tiles(report: dict[str, Any]) -> list[tuple[str, str]]:
    readings, commands, prices = report["readings"], report["commands"], report["prices"]
    errors = report["conservation"]
    tiles = [
        (f"{readings['committed']:,}", f"readings committed of {readings['signed']:,} signed"),
        (f"{readings['lost']} / {readings['duplicated']}", "readings lost / duplicated"),
        (f"{errors['energy_error_wh']} Wh", "energy error"),
        (f"{errors['money_error_micro']} µ", "money error"),
        (f"{prices['intervals']} × {prices['types']}", "prices, " + _equal(prices["recomputed_equal"])),
        (f"{commands['obeyed']:,}", f"commands obeyed of {commands['issued']:,}"),
        (f"{report['ledger']['height']:,}", "ledger height"),
        (_heaps(report["device"]), "largest heap of a meter / an M-LMD; promised 120 without TLS"),
        (f"{report['device']['flash_erases_max']:,}", "most erases of a flash block"),
    ]
    if report["latency_ms"]["p50"] is not None:
        tiles.append((f"{report['latency_ms']['p99']:.0f} ms", "price to receipt, p99"))
    return tiles


def _equal(recomputed_equal: bool) -> str:
    return "recomputed equal" if recomputed_equal else "recomputed DIFFERENT"


def _benefit_row(benefit: dict[str, Any], name: str, label: str, better_sign: int) -> dict[str, str]:
    baseline, controlled = benefit["baseline"][name], benefit["controlled"][name]
    change = controlled - baseline
    judged = "better" if change * better_sign > 0 else "worse" if change * better_sign < 0 else ""
    digits = 1 if name.endswith("pct") else 2
    return {
        "label": label,
        "baseline": f"{baseline:.{digits}f}",
        "controlled": f"{controlled:.{digits}f}",
        "change": f"{change:+.{digits}f}" + (f" {judged}" if judged else ""),
        "judged": judged,
    }


def _command_rows(commands: dict[str, Any]) -> list[tuple[str, int]]:
    rows = [
        ("issued by the aggregator", commands["issued"]),
        ("obeyed, with a verified receipt", commands["obeyed"]),
        ("refused by the device", commands["refused"]),
    ]
    reasons = {name: count for name, count in commands["refused_by_reason"].items() if name != "expired"}
    rows += [(f"\u2003{name.replace('_', ' ')}", count) for name, count in reasons.items()]
    return [
        *rows,
        ("expired before they could be acted on", commands["expired"]),
        ("replayed: recognised, not acted on", commands["replayed"]),
        ("stale, forged or for another device: ignored", commands["stale"] + commands["forged"] + commands["foreign"]),
    ]


def _fault(fault: dict[str, Any]) -> dict[str, str]:
    what = fault["name"].replace("_", " ")
    return {
        "at": _clock(fault["at_s"]),
        "what": f"{what}, {fault['device']}" if fault.get("device") else what,
        "effect": fault["effect"],
        "change": fault["change"],
    }


def _event(event: dict[str, Any]) -> dict[str, str]:
    about = f" of {event['subject']}" if event["subject"] else ""
    return {
        "at": _clock(event["begin_s"]),
        "until": _clock(event["end_s"]) if event["end_s"] else "",
        "device": event["device"],
        "what": event["code"].replace("_", " ") + about,
        "value": f"{event['value']:,}",
    }


def _step(title: str, *lines: str, kind: str = "", code: str = "") -> dict[str, Any]:
    return {"title": title, "lines": lines, "kind": kind, "code": code}


def _path(evidence: Evidence) -> dict[str, Any] | None:
    """One kWh's path in words: the steps from plant to wallet, and the steps that made the buyer take it."""
    found = trace(evidence)
    if found is None:
        return None
    names = evidence.names()
    flow, book = found["flow"], found["interval"]
    seller, buyer = names[flow["producer"]], names[flow["consumer"]]
    kind = energy_type.NAMES[flow["energy_type"]]
    between = f"{_clock(book['start_s'])[:5]} to {_clock(book['start_s'] + 1800)[:5]}"
    return {
        "summary": f"{flow['energy_wh'] / 1000:.3f} kWh of {kind} energy from {seller} to {buyer}, {between}.",
        "steps": _plant_to_wallet(found, names, seller, buyer, kind),
        "control": _why(found) if found["decision"] else None,
    }


def _plant_to_wallet(
    found: dict[str, Any], names: dict[str, str], seller: str, buyer: str, kind: str
) -> list[dict[str, Any]]:
    flow, reading, block = found["flow"], found["reading"], found["light_block"]
    price = flow["price_micro_per_kwh"] / 1e6
    steps = []
    if reading:
        record = reading["records"][-1]
        fed = f"produced {record['produced_wh']} Wh, discharged {record['discharged_wh']} Wh"
        number = f"{reading['boot']}/{reading['sequence']}"
        code = f"SHA-256 {reading['sha256'][:16]}…"
        steps.append(_step("signed reading", f"{seller}, reading {number}", fed, kind="sun", code=code))
    if block:
        root = f"Merkle root {block['merkle_root'][:16]}…"
        lines = (
            f"light block {block['number']}, {block['reading_count']} readings",
            f"in ledger block {block['height']}",
        )
        steps.append(_step("light block", *lines, code=root))
    steps.append(_step("lot", *(_lot_text(origin, names) for origin in found["lot"][:LOTS_SHOWN]), kind="sun"))
    steps.append(_step("price", f"{kind}: {price:.4f} per kWh", f"market interval {found['interval']['interval']}"))
    steps.append(_step("flow", f"{flow['energy_wh']} Wh to {buyer}", f"for {flow['money_micro'] / 1e6:.6f}"))
    balances = [f"{wallet['balance_micro'] / 1e6:+.4f}" for wallet in (found["seller"], found["buyer"])]
    ends = (f"{seller}: {balances[0]} at the day's end", f"{buyer}: {balances[1]}")
    steps.append(_step("wallets", *ends, kind="money"))
    return steps


def _lot_text(origin: dict[str, Any], names: dict[str, str]) -> str:
    """Whose energy it is, of which type and interval; None is what a battery had before anybody counted."""
    number = origin["energy_type"]
    kind = "unknown" if number is None else energy_type.NAMES[number]
    return f"{origin['energy_wh']} Wh {kind} of {names[origin['plant']]}, interval {origin['interval']}"


def _why(found: dict[str, Any]) -> list[dict[str, Any]]:
    decision, command = found["decision"], found["command"]
    told = action_text(decision["action"], decision["value"])
    reason = decision["reason_name"].replace("_", " ")
    steps = [_step("decision on the ledger", f"{told}, because of: {reason}", f"block {decision['height']}")]
    if command:
        until = f"valid until {_clock(command['expires_s'])}"
        steps.append(_step("command", f"number {command['sequence']}, signed", until))
    answer = decision["receipt"]
    did = f"{answer['outcome']} at {_clock(answer['acted_s'])}, {answer['power_w']} W right after"
    steps.append(_step("receipt", did, "signed by the device", kind="money"))
    return steps


def summary(report: dict[str, Any], console: Console) -> None:
    """The day in a few lines on a terminal."""
    readings, commands, benefit = report["readings"], report["commands"], report["benefit"]
    style = "bold green" if report["holds"] else "bold red"
    console.print(Text(f"{report['scenario']}, seed {report['seed']}: {verdict_text(report)}", style=style))
    table = Table.grid(padding=(0, 2))
    lost = f"{readings['lost']} lost, {readings['duplicated']} duplicated, {readings['refused']} refused"
    table.add_row("readings", f"{readings['committed']} committed of {readings['signed']} signed, {lost}")
    table.add_row("ledger", f"height {report['ledger']['height']}, app hash {report['ledger']['app_hash'][:16]}…")
    prices = report["prices"]
    table.add_row(
        "prices", f"{prices['intervals']} intervals × {prices['types']} types, {_equal(prices['recomputed_equal'])}"
    )
    table.add_row(
        "commands",
        f"{commands['issued']} issued, {commands['obeyed']} obeyed, {commands['refused']} refused,"
        f" {commands['expired']} expired, {commands['replayed']} replayed",
    )
    for name, label, _ in _BENEFIT[:3]:
        baseline, controlled = benefit["baseline"][name], benefit["controlled"][name]
        table.add_row(label, f"{baseline:.2f} without control, {controlled:.2f} with")
    table.add_row("time", f"{report['simulated_s'] / 3600:.1f} h in {report['wall_s']:.1f} s")
    console.print(table)
    for invariant in report["invariants"]:
        if not invariant["holds"]:
            console.print(Text(f"broken: {invariant['name']} ({invariant['count']})", style="red"))
            for fault in invariant["faults"]:
                console.print(Text(f"  {fault}"))
