"""
The evidence of a small made-up day that holds every invariant: six meters behind two M-LMDs, sun, a battery, two water
heaters. Tests tamper with a copy of it; the report is drawn from it before there is a bench to draw from.

    python -m tests.hil.synthetic DIRECTORY     writes DIRECTORY/{bench,devices,...}.json
"""

import copy
import hashlib
import json
import math
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from hil.evidence import GRID_ID, WITNESSES, Evidence
from wire import command, contract, energy_type, message, receipt
from wire.interval import INTERVAL_S, WINDOW_S
from wire.receipt import Receipt

START_S = 1_750_000_000 // 86_400 * 86_400
DAY_S = 86_400
WINDOWS = DAY_S // WINDOW_S
STEP_S = 300
FIRST = START_S // INTERVAL_S
PV, BATTERY, HEATER = ("meter-01", "meter-02"), ("meter-03",), ("meter-04", "meter-05")
METERS = tuple(f"meter-{number:02}" for number in range(1, 7))
MLMDS = ("mlmd-01", "mlmd-02")
PRICE = {0: 300_000, 1: 120_000, 2: 180_000}


NETWORK_ID = bytes(range(8))


@cache
def key_of(name: str) -> SigningKey:
    return SigningKey(hashlib.sha256(name.encode()).digest())


def identity(name: str) -> str:
    return hashlib.sha256(bytes(key_of(name).verify_key)).hexdigest()[:16]


def signed_receipt(name: str, answer: Receipt) -> str:
    """In hex, as the aggregator exports it."""
    key = key_of(name)
    signed = message.seal(
        receipt.KIND,
        receipt.LAYOUT,
        answer,
        bytes.fromhex(identity(name)),
        NETWORK_ID,
        lambda data: key.sign(data).signature,
    )
    return signed.hex()


OWNERS = {identity(name): identity(f"user {name}") for name in METERS} | {GRID_ID: GRID_ID}


def owner_of(meter_id: str) -> str:
    return OWNERS[meter_id]


AREA = identity("aggregator-1")


def _hour(window: int) -> float:
    return window * WINDOW_S / 3600


def _heater_on(name: str, window: int, controlled: bool) -> bool:
    if name not in HEATER:
        return False
    hours = (11, 12, 13, 14) if controlled else (6, 7, 18, 19)
    return int(_hour(window)) in hours


def energy(name: str, window: int, controlled: bool = True) -> dict[str, int]:
    """What one meter's household does in one window, Wh."""
    hour = _hour(window)
    evening = math.exp(-(((hour - 19) / 2.5) ** 2))
    consumed = 60 + 20 * METERS.index(name) + int(250 * evening) + 500 * _heater_on(name, window, controlled)
    produced = int(900 * max(0.0, math.sin((hour - 6) / 12 * math.pi)) ** 1.5) if name in PV and 6 < hour < 18 else 0
    battery = controlled and name in BATTERY
    charged = 300 if battery and 11 <= hour < 14 else 0
    discharged = 250 if battery and 18 <= hour < 21 else 0
    return {"consumed_wh": consumed, "produced_wh": produced, "charged_wh": charged, "discharged_wh": discharged}


def _soc(window: int) -> int:
    moved = sum(
        energy(BATTERY[0], earlier)["charged_wh"] - energy(BATTERY[0], earlier)["discharged_wh"]
        for earlier in range(window)
    )
    return 200 + moved * 1000 // 6000


def _temperature_mc(name: str, window: int, controlled: bool = True) -> int:
    heat = 52_000
    for earlier in range(window):
        heat += 2_600 if _heater_on(name, earlier, controlled) else -(heat - 18_000) // 130
    return heat


def _record(name: str, window: int, totals: Counter[str]) -> dict[str, int]:
    amounts = energy(name, window)
    totals.update(amounts)
    net = amounts["consumed_wh"] + amounts["charged_wh"] - amounts["produced_wh"] - amounts["discharged_wh"]
    return {
        "start_s": START_S + window * WINDOW_S,
        "duration_s": WINDOW_S,
        **amounts,
        **{field.replace("_wh", "_total_wh"): totals[field] for field in amounts},
        "voltage_mv": 230_000 - net,
        "power_w": net * 4,
        "frequency_mhz": 50_000,
        "temperature_mc": _temperature_mc(name, window) if name in HEATER else 0,
        "soc_permille": _soc(window) if name in BATTERY else 0,
        "relays": int(_heater_on(name, window, True)),
        "flags": 1 * (name in HEATER) + 2 * (name in BATTERY),
    }


def _readings() -> list[dict[str, Any]]:
    readings = []
    for name in METERS + MLMDS:
        totals: Counter[str] = Counter()
        for window in range(WINDOWS):
            record = _record(name, window, totals) if name in METERS else _area_record(window)
            readings.append(
                {
                    "device_id": identity(name),
                    "boot": 1,
                    "sequence": window + 1,
                    "sha256": hashlib.sha256(f"{name} {window}".encode()).hexdigest(),
                    "records": [record],
                    "light_block": window + 1,
                    "billed": True,
                }
            )
    return readings


def _area_record(window: int) -> dict[str, int]:
    return _record(METERS[0], window, Counter()) | {"temperature_mc": 0, "soc_permille": 0}


def _devices(readings: list[dict[str, Any]], receipts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    obeyed = Counter(answer["device_id"] for answer in receipts)
    obeyed[identity(HEATER[1])] -= 1
    devices = []
    for name in METERS + MLMDS:
        signed = [reading for reading in readings if reading["device_id"] == identity(name)]
        counters = Counter(
            readings_signed=len(signed),
            readings_acknowledged=len(signed),
            commands_obeyed=obeyed[identity(name)],
            commands_replayed=1 if name == HEATER[0] else 0,
            relay_switches_today_max=2 if name in HEATER else 0,
            heap_peak_bytes=90_000,
        )
        for field in ("commands_refused", "commands_expired", "commands_forged", "commands_foreign"):
            counters[field] += 0
        devices.append(
            {
                "name": name,
                "device_id": identity(name),
                "role": "meter" if name in METERS else "mlmd",
                "boots": 1,
                "signed": [{field: reading[field] for field in ("boot", "sequence", "sha256")} for reading in signed],
                "counters": counters,
                "heap_peak_bytes": 90_000,
                "flash_erases_max": 12,
            }
        )
    return devices


def _flows(interval: int) -> tuple[list[dict[str, Any]], list[int], int]:
    """Flows, supply by type and demand of one interval: neighbours first, the grid gives or takes the rest."""
    windows = (2 * (interval - FIRST), 2 * (interval - FIRST) + 1)
    sums = {name: Counter[str]() for name in METERS}
    for name in METERS:
        for window in windows:
            sums[name].update(energy(name, window))
    offers = [[name, 1, sums[name]["produced_wh"]] for name in METERS]
    offers += [[name, 2, sums[name]["discharged_wh"]] for name in METERS]
    wants = [[name, sums[name]["consumed_wh"] + sums[name]["charged_wh"]] for name in METERS]
    demand = sum(want for _, want in wants)
    supply = [0, sum(sums[name]["produced_wh"] for name in METERS), sum(sums[name]["discharged_wh"] for name in METERS)]
    flows = []
    for offer in offers:
        for want in wants:
            moved = min(offer[2], want[1])
            if moved:
                flows.append(_flow(identity(offer[0]), identity(want[0]), offer[1], moved))
                offer[2] -= moved
                want[1] -= moved
    flows += [_flow(identity(name), GRID_ID, kind, rest) for name, kind, rest in offers if rest]
    flows += [_flow(GRID_ID, identity(name), 0, rest) for name, rest in wants if rest]
    supply[0] = sum(flow["energy_wh"] for flow in flows if flow["producer"] == GRID_ID)
    return flows, supply, demand


def _flow(producer: str, consumer: str, kind: int, energy_wh: int) -> dict[str, Any]:
    price = PRICE[kind]
    return {
        "producer": producer,
        "consumer": consumer,
        "seller": owner_of(producer),
        "buyer": owner_of(consumer),
        "energy_type": kind,
        "energy_wh": energy_wh,
        "price_micro_per_kwh": price,
        "money_micro": energy_wh * price // 1000,
    }


def _intervals() -> list[dict[str, Any]]:
    """The last one is opened at the day's end and has nothing in it yet."""
    intervals = []
    for interval in range(FIRST, FIRST + 49):
        flows, supply, demand = _flows(interval) if interval < FIRST + 48 else ([], [0, 0, 0], 0)
        hour = (interval - FIRST) / 2
        sun = max(0.0, math.sin((hour - 6) / 12 * math.pi)) if 6 < hour < 18 else 0
        prices = [PRICE[0] + int(60_000 * math.sin(hour / 4)), PRICE[1] - int(60_000 * sun), PRICE[2]]
        intervals.append(
            {
                "interval": interval,
                "start_s": interval * INTERVAL_S,
                "price_micro_per_kwh": prices,
                "supply_wh": supply,
                "demand_wh": demand,
                "settled": interval < FIRST + 48,
                "flows": flows,
            }
        )
    return intervals


def _wallets(intervals: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    wallets: dict[str, Counter[str]] = {
        who: Counter(balance_micro=0, bought_wh=0, sold_wh=0) for who in OWNERS.values()
    }
    for flow in (flow for book in intervals for flow in book["flows"]):
        seller, buyer = flow["seller"], flow["buyer"]
        if seller != buyer:
            wallets[seller].update(balance_micro=flow["money_micro"], sold_wh=flow["energy_wh"])
            wallets[buyer].update(balance_micro=-flow["money_micro"], bought_wh=flow["energy_wh"])
    return {who: dict(wallet) for who, wallet in wallets.items()}


def _answer(name: str, number: int, interval: int, action: int, value: int) -> Receipt:
    window, is_heater = 2 * (interval - FIRST), name in HEATER
    refused = name == HEATER[1] and interval == FIRST + 20
    return Receipt(
        boot=1,
        sequence=interval - FIRST + 1,
        command_sequence=interval - FIRST + 1,
        decision_id=number,
        command_digest=bytes(8),
        acted_s=interval * INTERVAL_S + 60,
        outcome=receipt.REFUSED if refused else receipt.OBEYED,
        reason=receipt.REASONS.index("comfort_low") if refused else 0,
        action=action,
        value=value,
        power_w=2000 * value if is_heater else value,
        temperature_mc=_temperature_mc(name, window) if is_heater else 0,
        soc_permille=0 if is_heater else _soc(window),
        relays=value if is_heater else 0,
    )


def _asked(name: str, interval: int) -> tuple[int, int]:
    """Action and value."""
    window = 2 * (interval - FIRST)
    if name in HEATER:
        return command.RELAY, int(_heater_on(name, window, True))
    now = energy(name, window)
    return command.BATTERY_POWER, 4 * (now["charged_wh"] - now["discharged_wh"])


def _control() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Decisions with their commands and receipts: everybody each interval; one is refused."""
    decisions, commands, receipts = [], [], []
    for interval in range(FIRST, FIRST + 48):
        for name in HEATER + BATTERY:
            number = len(decisions) + 1
            action, value = _asked(name, interval)
            answer = _answer(name, number, interval, action, value)
            shared = {"decision_id": number, "device_id": identity(name), "action": action, "value": value}
            data = signed_receipt(name, answer)
            command_sequence = {"command_sequence": answer.command_sequence}
            row = {"device_id": identity(name), "boot": 1, "sequence": answer.sequence, **command_sequence}
            receipts.append({**row, "received_s": answer.acted_s, "data": data})
            decisions.append({**shared, **_decided(answer, interval)})
            expires_s = (interval + 1) * INTERVAL_S + 300
            issued = {"sequence": answer.command_sequence, "issued_s": answer.acted_s, "expires_s": expires_s}
            commands.append({**shared, **issued, "receipt": data})
    return decisions, commands, receipts


def _decided(answer: Receipt, interval: int) -> dict[str, Any]:
    recorded = {
        "outcome": "obeyed" if answer.outcome == receipt.OBEYED else "refused",
        "reason": receipt.REASONS[answer.reason],
        **{name: getattr(answer, name) for name in ("acted_s", "action", "value", "power_w", "command_sequence")},
    }
    height = 2 * (interval - FIRST) + 2
    return {
        "contract_id": 1,
        "interval": interval,
        "reason": 0,
        "reason_name": "price",
        "height": height,
        "receipt": recorded,
    }


def _contracts() -> list[dict[str, Any]]:
    heater = (2000, 45_000, 65_000, 1, 1, 8, 950, 1050, 48, 0)
    battery = (6000, 1200, 1000, 100, 950, 900, 1100, 48, 0)
    agreed = [(name, contract.DEFERRABLE, heater) for name in HEATER]
    agreed += [(name, contract.BATTERY, battery) for name in BATTERY]
    return [
        {
            "contract_id": number,
            "owner_id": identity(f"user {name}"),
            "kind": "deferrable" if kind == contract.DEFERRABLE else "battery",
            "device_id": identity(name),
            "terms": dict(zip(contract.TERMS[kind], terms, strict=True)),
            "energy_types": [],
            "is_open": True,
        }
        for number, (name, kind, terms) in enumerate(agreed, start=1)
    ]


def plant(controlled: bool = True) -> dict[str, Any]:
    """The physics' own record: three steps of five minutes to a window."""
    windows = [step * STEP_S // WINDOW_S for step in range(DAY_S // STEP_S)]
    rows = {name: [energy(name, window, controlled) for window in range(WINDOWS)] for name in METERS}
    sums = [Counter[str]() for _ in range(WINDOWS)]
    for household in rows.values():
        for total, amounts in zip(sums, household, strict=True):
            total.update(amounts)
    net = [row["consumed_wh"] + row["charged_wh"] - row["produced_wh"] - row["discharged_wh"] for row in sums]
    soc = [(_soc(window) if controlled else 200) / 1000 for window in windows]
    series = {
        "feeder_w_max": 7_000,
        "start_s": START_S,
        "step_s": STEP_S,
        "feeder_w": [4.0 * net[window] for window in windows],
        "pv_w": [4.0 * sums[window]["produced_wh"] for window in windows],
        "voltage_pu_min": [1.0 - net[window] / 60_000 for window in windows],
        "voltage_pu_max": [1.01 - net[window] / 120_000 for window in windows],
        "line_loading_max": [abs(net[window]) / 4_000 for window in windows],
        "tank_c": {name: [_temperature_mc(name, w, controlled) / 1000 for w in windows] for name in HEATER},
        "relay": {name: [int(_heater_on(name, w, controlled)) for w in windows] for name in HEATER},
        "soc": dict.fromkeys(BATTERY, soc),
        "relay_switches": dict.fromkeys(HEATER, 2 if controlled else 4),
    }
    return {
        "series": series,
        "quarters": {
            "start_s": [START_S + window * WINDOW_S for window in range(WINDOWS)],
            "households": {name: [list(amounts.values()) for amounts in household] for name, household in rows.items()},
        },
        "stored_wh_change": 600.0 if controlled else 0.0,
    }


def day() -> Evidence:
    readings = _readings()
    decisions, commands, receipts = _control()
    intervals = _intervals()
    blocks = [
        {
            "number": window + 1,
            "area_id": AREA,
            "window_start_s": START_S + window * WINDOW_S,
            "part": 0,
            "reading_count": len(METERS + MLMDS),
            "merkle_root": hashlib.sha256(bytes([window])).hexdigest(),
            "height": window // 2 + 1,
            "tx_hash": hashlib.sha256(bytes([window, 1])).hexdigest(),
        }
        for window in range(WINDOWS)
    ]
    registrations = [
        {
            "subject_id": identity(name),
            "role": "meter",
            "public_key": bytes(key_of(name).verify_key).hex(),
            "owner_id": identity(f"user {name}"),
            "area_id": AREA,
        }
        for name in METERS
    ]
    ledger = {
        "network_id": NETWORK_ID.hex(),
        "height": 97,
        "interval": FIRST + 48,
        "app_hash": hashlib.sha256(b"app").hexdigest(),
        "transactions": 512,
        "statuses": {"APPLIED": 512},
        "energy_types": list(energy_type.NAMES),
        "intervals": intervals,
        "wallets": _wallets(intervals),
        "registrations": registrations,
        "contracts": _contracts(),
        "decisions": decisions,
        "light_blocks": blocks,
        "conservation": {"energy_error_wh": 0, "money_error_micro": 0},
        "recomputed_equal": True,
        "faults": [],
    }
    bench = {
        "scenario": "rough_day",
        "seed": 1,
        "options": {"speed": 0, "broker": "auto", "out": "out/hil"},
        "wall_s": 41.5,
        "simulated_s": DAY_S,
        "start_s": START_S,
        "broker": "mosquitto",
        "micropython_processes": len(METERS + MLMDS),
        "meters": len(METERS),
        "mlmds": len(MLMDS),
        "grants": 12_345,
        "tap": {"messages": 2_345, "debts_forgiven": 0},
        "validators": [],
        "faults": [
            {"name": "power_cut", "at_s": START_S + 30_000, "device": "meter-02", "effect": "back after 90 s"},
            {"name": "replay", "at_s": START_S + 40_000, "device": None, "effect": "sent again: air/command"},
            {"name": "clock_jump", "at_s": START_S + 50_000, "device": "meter-03", "effect": "by 3600 s"},
            {"name": "broker_killed", "at_s": START_S + 60_000, "device": None, "effect": "back after 120 s"},
        ],
        "replays": {"air/command": 1, "mqtt/bundle": 1, "air/time": 1},
        "latency_ms": None,
    }
    aggregator = {
        "readings": readings,
        "refused": {"replayed": 1, "bad_signature": 0},
        "gaps": [],
        "submissions": [],
        "commands": commands,
        "receipts": receipts,
    }
    return Evidence(bench, _devices(readings, receipts), plant(True), plant(False), ledger, aggregator)


def write(evidence: Evidence, directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    raw = copy.deepcopy(evidence)
    for reading in raw.aggregator["readings"]:
        reading["records"] = [list(record.values()) for record in reading["records"]]
    for witness in WITNESSES:
        (directory / f"{witness}.json").write_text(json.dumps(getattr(raw, witness)))
    return directory


if __name__ == "__main__":
    write(day(), Path(sys.argv[1]))
