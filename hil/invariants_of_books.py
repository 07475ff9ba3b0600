"""
Invariants of energy and money: what was measured is what is booked, what is booked is what is settled, and nothing is
gained or lost on the way. One check per step; docs/report.md names them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from hil.evidence import GRID_ID, Evidence
from hil.readings import revoked
from wire import energy_type
from wire.interval import interval_of

Faults = Iterable[str]

ENERGIES = ("consumed_wh", "produced_wh", "charged_wh", "discharged_wh")
PLANT_TOLERANCE_WH = 4  # whole Wh: a chip's counter and a total are each cut off, at the start and at the end


def measured_energy_is_booked(evidence: Evidence) -> Faults:
    """The sum of the committed records is the sum in the ledger's books, interval by interval."""
    measured: dict[int, Counter[str]] = defaultdict(Counter)
    for record in _billed_records(evidence):
        sums = measured[interval_of(record["start_s"])]
        sums["demand"] += record["consumed_wh"] + record["charged_wh"]
        sums["solar"] += record["produced_wh"]
        sums["storage"] += record["discharged_wh"]
    books = evidence.intervals()
    for interval in sorted(measured.keys() | books.keys()):
        sums, book = measured[interval], books.get(interval)
        for name in ("demand", "solar", "storage"):
            booked = _booked(book, name) if book else 0
            if booked != sums[name]:
                yield f"interval {interval}: {sums[name]} Wh of {name} measured, {booked} Wh booked"


def booked_energy_is_settled(evidence: Evidence) -> Faults:
    """The flows of an interval are its books: every Wh has one producer and one consumer."""
    for book in evidence.ledger["intervals"]:
        flows = book["flows"]
        settled = {
            "demand": sum(flow["energy_wh"] for flow in flows if flow["consumer"] != GRID_ID),
            "solar": sum(flow["energy_wh"] for flow in flows if flow["energy_type"] == energy_type.SOLAR),
            "storage": sum(flow["energy_wh"] for flow in flows if flow["energy_type"] == energy_type.STORAGE),
        }
        for name, energy_wh in settled.items():
            if book["settled"] and energy_wh != _booked(book, name):
                yield f"interval {book['interval']}: {_booked(book, name)} Wh of {name} booked, {energy_wh} Wh settled"
        if not book["settled"] and any(_booked(book, name) for name in settled):
            yield f"interval {book['interval']} has energy and is not settled"


def each_meter_is_settled(evidence: Evidence) -> Faults:
    """What one meter's committed records say is what the flows give and take, meter by meter over the day."""
    taken: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for book in evidence.ledger["intervals"]:
        for flow in book["flows"]:
            taken[flow["consumer"]] += flow["energy_wh"]
            given[flow["producer"]] += flow["energy_wh"]
    for device in evidence.meters():
        records = _billed_records(evidence, device["device_id"])
        consumed = produced = 0
        for record in records:
            consumed += record["consumed_wh"] + record["charged_wh"]
            produced += record["produced_wh"] + record["discharged_wh"]
        if (consumed, produced) != (taken[device["device_id"]], given[device["device_id"]]):
            settled = f"{taken[device['device_id']]} and {given[device['device_id']]} Wh settled"
            yield f"{device['name']}: {consumed} Wh used and {produced} Wh fed measured, {settled}"


def meters_agree_with_the_plant(evidence: Evidence) -> Faults:
    """What the meters delivered is what flowed in the physics, but for the last Wh; of a revoked one, no more."""
    ended = revoked(evidence)
    for device in evidence.meters():
        flowed = [sum(column) for column in zip(*evidence.plant["quarters"]["households"][device["name"]], strict=True)]
        sums: Counter[str] = Counter()
        for record in _records(evidence, device["device_id"]):
            for name in ENERGIES:
                sums[name] += record[name]
        for name, energy_wh in zip(ENERGIES, flowed, strict=True):
            missing_wh = energy_wh - sums[name]
            if device["device_id"] in ended and missing_wh > 0:
                continue  # what it measured after its end was refused
            if abs(missing_wh) > PLANT_TOLERANCE_WH:
                yield f"{device['name']}: {name} is {energy_wh:.0f} in the plant, {sums[name]} as delivered"


def money_is_conserved(evidence: Evidence) -> Faults:
    """What one wallet lost another gained, and each wallet is the sum of its flows."""
    balances: Counter[str] = Counter()
    for book in evidence.ledger["intervals"]:
        for flow in book["flows"]:
            balances[flow["seller"]] += flow["money_micro"]
            balances[flow["buyer"]] -= flow["money_micro"]
    wallets = evidence.ledger["wallets"]
    for owner in sorted(balances.keys() | wallets.keys()):
        held = wallets[owner]["balance_micro"] if owner in wallets else 0
        if held != balances[owner]:
            yield f"wallet {owner}: {held} held, its flows make {balances[owner]}"
    total = sum(wallet["balance_micro"] for wallet in wallets.values())
    if total:
        yield f"all wallets together hold {total}, not 0"


def ledger_conserves(evidence: Evidence) -> Faults:
    """By the ledger's own count no Wh and no micro was gained or lost."""
    for name, error in evidence.ledger["conservation"].items():
        if error:
            yield f"{name} is {error}"


def validators_agree(evidence: Evidence) -> Faults:
    """Each validator's ledger, replayed, comes to the full node's app hash over the same transactions."""
    for number, validator in enumerate(evidence.bench["validators"]):
        for name in ("app_hash", "transactions"):
            if validator[name] != evidence.ledger[name]:
                yield f"validator {number}: {name} {validator[name]}, not {evidence.ledger[name]}"
        if not validator["recomputed_equal"]:
            yield f"validator {number}: replaying its ledger does not give what it says"


def prices_are_complete_and_recomputed(evidence: Evidence) -> Faults:
    """Each market interval of the day has its prices, and replaying the ledger gives the same."""
    books = evidence.intervals()
    types = len(evidence.ledger["energy_types"])
    for interval in evidence.intervals_played():
        prices = books[interval]["price_micro_per_kwh"] if interval in books else []
        if len(prices or []) != types:
            yield f"interval {interval} has no price of every energy type"
    if not evidence.ledger["recomputed_equal"]:
        yield "replaying the ledger does not give what it says"
        yield from evidence.ledger["faults"]


def _booked(book: dict[str, Any], name: str) -> int:
    return book["demand_wh"] if name == "demand" else book["supply_wh"][energy_type.NAMES.index(name)]


def _records(evidence: Evidence, device_id: str) -> Iterable[dict[str, Any]]:
    for reading in evidence.aggregator["readings"]:
        if reading["device_id"] == device_id:
            yield from reading["records"]


def _billed_records(evidence: Evidence, device_id: str | None = None) -> Iterable[dict[str, Any]]:
    meters = {device["device_id"] for device in evidence.meters()} if device_id is None else {device_id}
    for reading in evidence.aggregator["readings"]:
        if reading["light_block"] and reading["billed"] and reading["device_id"] in meters:
            yield from reading["records"]
