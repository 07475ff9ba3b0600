"""
When a price is posted every open contract on a device decides, all on the same figures, and the decisions go into the
state: they are what the aggregator sends as commands.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from chain.contracts import battery, deferrable
from chain.contracts.feeder import Asked, Load, allot
from chain.contracts.supply import takes_part
from chain.contracts.terms import BatteryTerms, DeferrableTerms
from chain.contracts.wish import Situation, Wish
from chain.market import HISTORY, has_readings, latest_interval, posted_before, supply_and_demand
from chain.state import LAST_DECISION, Agreement, Book, Control, Measured, Number, State, u32, u64
from wire.block import DECISION
from wire.command import BATTERY_POWER, RELAY
from wire.contract import BATTERY, DEFERRABLE
from wire.energy_type import GRID
from wire.interval import INTERVAL_S, start_of
from wire.reading import HAS_BATTERY, HAS_HEATER
from wire.schema import check

INTERVALS_AN_HOUR = 3600 // INTERVAL_S
FRESH_S = 2 * INTERVAL_S  # a window that began longer ago than this says nothing of now
NOTHING = Book(0, 0, 0, 0)


class Kind(NamedTuple):
    """How contracts of one kind are executed."""

    terms: Any
    action: int
    equipped: int  # the flag a reading has when the equipment is there
    decide: Callable[[Any, Situation], Wish]
    controlled: Callable[[Situation, Wish], Control]


KINDS = {
    DEFERRABLE: Kind(DeferrableTerms, RELAY, HAS_HEATER, deferrable.decide, deferrable.controlled),
    BATTERY: Kind(BatteryTerms, BATTERY_POWER, HAS_BATTERY, battery.decide, battery.controlled),
}


class Party(NamedTuple):
    """One open contract on a device, with its terms by name and what it decides on."""

    contract_id: int
    agreement: Agreement
    kind: Kind
    terms: Any
    situation: Situation


def execute(state: State) -> None:
    """Decide for the open interval; its prices are posted."""
    parties = _parties(state)
    asked = [_asked(party) for party in parties]
    load = _load(state, parties)
    for party, wish in zip(parties, allot(load, asked), strict=True):
        _decide(state, party, wish)


def _parties(state: State) -> list[Party]:
    price_permille = _price_permille(state)
    parties = []
    for key, agreement in state.contracts.items():
        if not agreement.is_open or agreement.contract_kind not in KINDS or agreement.device_id in state.revoked:
            continue
        if not takes_part(state, agreement.device_id, state.interval):
            continue
        kind = KINDS[agreement.contract_kind]
        situation = Situation(
            state.interval,
            state.interval % 48,
            price_permille,
            _measured(state, agreement.device_id, kind.equipped),
            state.controls.get(key),
        )
        parties.append(Party(int.from_bytes(key, "big"), agreement, kind, kind.terms(*agreement.terms), situation))
    return parties


def _price_permille(state: State) -> int:
    """
    The signal against the mean of those posted in the last day, this one included. While less than a day is known it is
    called cheap or dear only if it were so with the reference price in every interval that is missing.
    """
    signals = [post.signal_micro_per_kwh for post in posted_before(state, state.interval)]
    missing = HISTORY - len(signals)
    known = _permille(signals[-1], sum(signals), len(signals))
    padded = _permille(signals[-1], sum(signals) + missing * _reference(state), HISTORY)
    if min(known, padded) > 1000:
        return min(known, padded)
    return max(known, padded) if max(known, padded) < 1000 else 1000


def _permille(signal: int, total: int, count: int) -> int:
    return signal * count * 1000 // total if total else 1000


def _reference(state: State) -> int:
    """The grid's price while a third of the feeder is in use."""
    grid = state.genesis.pricing[GRID]
    return grid.floor_micro_per_kwh + (grid.cap_micro_per_kwh - grid.floor_micro_per_kwh) // 3


def _measured(state: State, device_id: bytes, equipped: int) -> Measured | None:
    measured = state.measured.get(device_id)
    if measured is None or not measured.flags & equipped:
        return None
    return None if measured.window_start_s < start_of(state.interval) - FRESH_S else measured


def _asked(party: Party) -> Asked:
    power_w = party.terms.power_w if party.agreement.contract_kind == DEFERRABLE else 0
    control = party.situation.control
    is_on = control is not None and control.value == 1 and power_w > 0
    return Asked(party.agreement.device_id, power_w, party.kind.decide(party.terms, party.situation), is_on)


def _decide(state: State, party: Party, wish: Wish) -> None:
    decision_id = state.time.get(LAST_DECISION, Number(0)).number + 1
    state.time.put(LAST_DECISION, Number(decision_id))
    device_id = party.agreement.device_id
    fields = (
        decision_id,
        party.contract_id,
        device_id,
        state.subjects.get(device_id).area_id,
        state.interval,
        party.kind.action,
        wish.value,
        wish.reason,
    )
    state.decisions.put(u64(decision_id), check(DECISION, fields))
    state.controls.put(u32(party.contract_id), party.kind.controlled(party.situation, wish))


def _load(state: State, parties: list[Party]) -> Load:
    """The feeder as its latest interval with readings leaves it; nothing known counts as no load."""
    limit_w = state.genesis.feeder_power_w_max
    interval = latest_interval(state)
    if interval is None:
        return Load(0, limit_w // 3, limit_w, False)
    base_wh = supply_and_demand(state, interval).net_import_wh
    flexible_wh = sum(_drawn_wh(state, party, interval) for party in parties)
    imports_wh = [
        supply_and_demand(state, number).net_import_wh
        for number in range(max(0, state.interval - HISTORY), state.interval)
        if has_readings(state, number)
    ]
    mean_w = sum(imports_wh) * INTERVALS_AN_HOUR // len(imports_wh)
    is_sunless = len(imports_wh) == HISTORY and min(imports_wh) >= 0
    base_w = (base_wh - flexible_wh) * INTERVALS_AN_HOUR
    return Load(base_w, max(mean_w, limit_w // 3), limit_w, is_sunless)


def _drawn_wh(state: State, party: Party, interval: int) -> int:
    """What a contract's equipment drew in an interval: as the battery was metered; a heater if it ran at the end."""
    book: Book = state.books.get(u32(interval) + party.agreement.device_id, NOTHING)
    if party.agreement.contract_kind == BATTERY:
        return book.charged_wh - book.discharged_wh
    measured = party.situation.measured
    if measured is None or not measured.relays & 1:
        return 0
    return min(party.terms.power_w // INTERVALS_AN_HOUR, book.consumed_wh)
