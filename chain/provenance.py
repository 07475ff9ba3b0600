"""
Provenance: the flows of a settled interval become lots, and batteries keep the origin of what they store.

A battery gives first what it took in first. What it gives in an interval it had before that interval; what it did not
have, as far as the ledger knows, is UNKNOWN. What it takes in is as its meter's whole intake of that interval. When an
older interval is settled again, the cycles after it are undone and played again, so the outcome is what it would have
been. Beyond HORIZON nothing is undone: the total stays right, and the difference is booked as the battery's loss.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from chain.contracts.agreed import in_force
from chain.lot import UNKNOWN, Cycle, Cycles, Lot, Origin, Stock, total_wh
from chain.origins import Origins, deal, draw, gathered, joined, part, without_last
from chain.state import Flow, Settled, State, Table, u32
from wire.contract import BATTERY
from wire.energy_type import STORAGE
from wire.registration import METER

HORIZON = 336  # intervals: one week
LOTS_MAX = 256  # what one battery remembers
EMPTY = Stock((), 0)
Place = tuple[bytes, int]  # (plant id, energy type)


def lot_key(interval: int, plant_id: bytes, energy_type: int) -> bytes:
    return u32(interval) + plant_id + bytes((energy_type,))


def book_lots(state: State, interval: int, flows: Sequence[Flow]) -> None:
    """The lots of an interval that is about to be settled (again) as `flows`, and all stored energy that follows."""
    charged = _charged(state, interval)
    before = state.settled.get(u32(interval), Settled(())).flows
    gone = _sold(before).keys() - _sold(flows).keys() if before else set()
    if state.interval - interval > HORIZON:
        _book_late(state, interval, flows, charged)
    else:
        later = [number for number in range(interval + 1, state.interval) if u32(number) in state.cycles]
        for number in (*reversed(later), interval):
            _undo(state, number)
        _play(state, interval, flows, charged)
        for number in later:
            charged = {cycle.device_id: cycle.charged_wh for cycle in state.cycles.get(u32(number)).cycles}
            _play(state, number, state.settled.get(u32(number)).flows, charged)
    for plant_id, energy_type in gone:
        state.lots.delete(lot_key(interval, plant_id, energy_type))


def shares(
    interval: int, flows: Iterable[Flow], lots: dict[Place, Lot], takers: Container[bytes] | None = None
) -> dict[Flow, Origins]:
    """The origins of every flow (to `takers`): its own lot, or its part of what a battery had stored."""
    stored = _sold(flow for flow in flows if flow.energy_type == STORAGE)
    wanted = [flow for flow in flows if takers is None or flow.consumer_id in takers]
    batteries = {flow.producer_id for flow in wanted if flow.energy_type == STORAGE}
    dealt = {one: deal(lots[one, STORAGE].origins, stored[one, STORAGE]) for one in batteries}
    return {
        flow: dealt[flow.producer_id][flow.consumer_id]
        if flow.energy_type == STORAGE
        else (Origin(interval, flow.producer_id, flow.energy_type, flow.energy_wh),)
        for flow in wanted
    }


def is_shortfall(origin: Origin, interval: int, device_id: bytes) -> bool:
    """Whether this part of a battery's lot is what it gave without having it."""
    return origin[:3] == (interval, device_id, UNKNOWN)


def _sold(flows: Iterable[Flow]) -> dict[Place, dict[bytes, int]]:
    """Lot by lot who took how much."""
    sold: dict[Place, dict[bytes, int]] = defaultdict(dict)
    for flow in flows:
        sold[flow.producer_id, flow.energy_type][flow.consumer_id] = flow.energy_wh
    return sold


def _charged(state: State, interval: int) -> dict[bytes, int]:
    """What each meter's battery took in. (An M-LMD has none.)"""
    books = {key[4:]: state.books.get(key).charged_wh for key in state.books.keys_of(interval)}
    taken = {device_id: charged_wh for device_id, charged_wh in books.items() if charged_wh}
    return {device_id: wh for device_id, wh in taken.items() if state.subjects.get(device_id).role == METER}


def _play(state: State, interval: int, flows: Sequence[Flow], charged: dict[bytes, int]) -> None:
    lots = {}
    for (plant_id, number), sold in _sold(flows).items():
        energy_wh = sum(sold.values())
        origins = _draw(state, interval, plant_id, energy_wh) if number == STORAGE else ()
        lots[plant_id, number] = Lot(energy_wh, origins)
        _put(state.lots, lot_key(interval, plant_id, number), lots[plant_id, number])
    taken: dict[bytes, list[Origin]] = defaultdict(list)
    if charged:
        for flow, origins in shares(interval, flows, lots, charged).items():
            taken[flow.consumer_id] += origins
    devices = sorted(charged.keys() | {plant_id for plant_id, number in lots if number == STORAGE})
    cycles = tuple(_store(state, interval, one, charged.get(one, 0), gathered(taken[one])) for one in devices)
    _put_cycles(state, interval, cycles)


def _draw(state: State, interval: int, device_id: bytes, energy_wh: int) -> Origins:
    stock: Stock = state.stocks.get(device_id, EMPTY)
    taken, left = draw(stock.origins, energy_wh)
    state.stocks.put(device_id, stock._replace(origins=left))
    missing_wh = energy_wh - total_wh(taken)
    return joined((*taken, Origin(interval, device_id, UNKNOWN, missing_wh)))


def _store(state: State, interval: int, device_id: bytes, charged_wh: int, intake: Origins) -> Cycle:
    """Of a meter's intake the charged part goes into its battery, as far as it comes out again."""
    stored_wh = charged_wh * state.genesis.storage_efficiency_permille // 1000
    stored = joined(part(intake, stored_wh)) if stored_wh else ()
    stock: Stock = state.stocks.get(device_id, EMPTY)
    dropped, kept = _drop(joined((*stock.origins, *stored)), _capacity_wh(state, interval, device_id))
    lost_wh = charged_wh - stored_wh + total_wh(dropped)
    state.stocks.put(device_id, Stock(kept, stock.lost_wh + lost_wh))
    return Cycle(device_id, charged_wh, stored, dropped, lost_wh)


def _drop(rows: Origins, capacity_wh: int | None) -> tuple[Origins, Origins]:
    """What is written off, oldest first, for the battery cannot hold it; and what it keeps."""
    over_wh = 0 if capacity_wh is None else max(0, total_wh(rows) - capacity_wh)
    over_wh = max(over_wh, total_wh(rows[:-LOTS_MAX]))
    return draw(rows, over_wh)


def _capacity_wh(state: State, interval: int, device_id: bytes) -> int | None:
    version = in_force(state, device_id, BATTERY, interval)
    return None if version is None else version.terms[0]


def _undo(state: State, interval: int) -> None:
    """Every battery as it was before this interval: the exact inverse of _play."""
    for cycle in state.cycles.get(u32(interval), Cycles(())).cycles:
        stock = state.stocks.get(cycle.device_id)
        rows = without_last(joined((*cycle.dropped, *stock.origins)), cycle.stored)
        lot: Lot | None = state.lots.get(lot_key(interval, cycle.device_id, STORAGE))
        taken = lot.origins if lot is not None else ()
        had = [origin for origin in taken if not is_shortfall(origin, interval, cycle.device_id)]
        state.stocks.put(cycle.device_id, Stock(joined((*had, *rows)), stock.lost_wh - cycle.lost_wh))


def _book_late(state: State, interval: int, flows: Sequence[Flow], charged: dict[bytes, int]) -> None:
    """As _play, but what batteries had stored and given stays as it was booked; the difference is their loss."""
    before = {cycle.device_id: cycle for cycle in state.cycles.get(u32(interval), Cycles(())).cycles}
    sold = _sold(flows)
    devices = before.keys() | charged.keys() | {plant_id for plant_id, number in sold if number == STORAGE}
    cycles = []
    for device_id in sorted(devices):
        cycle = before.get(device_id, Cycle(device_id, 0, (), (), 0))
        given_wh = sum(sold.get((device_id, STORAGE), {}).values())
        origins, kept_back_wh = _given_late(state, interval, device_id, given_wh)
        more_lost_wh = charged.get(device_id, 0) - cycle.charged_wh + kept_back_wh
        stock: Stock = state.stocks.get(device_id, EMPTY)
        state.stocks.put(device_id, stock._replace(lost_wh=stock.lost_wh + more_lost_wh))
        cycles.append(cycle._replace(charged_wh=charged.get(device_id, 0), lost_wh=cycle.lost_wh + more_lost_wh))
        if given_wh:
            state.lots.put(lot_key(interval, device_id, STORAGE), Lot(given_wh, origins))
    for (plant_id, number), buyers in sold.items():
        if number != STORAGE:
            _put(state.lots, lot_key(interval, plant_id, number), Lot(sum(buyers.values()), ()))
    _put_cycles(state, interval, tuple(cycles))


def _given_late(state: State, interval: int, device_id: bytes, energy_wh: int) -> tuple[Origins, int]:
    """The origins of a battery's lot of another size than was booked; and what it gave then and now did not."""
    before: Lot = state.lots.get(lot_key(interval, device_id, STORAGE), Lot(0, ()))
    given, not_given = draw(before.origins, energy_wh)
    more_wh = energy_wh - total_wh(given)
    kept_back = [origin for origin in not_given if not is_shortfall(origin, interval, device_id)]
    return joined((*given, Origin(interval, device_id, UNKNOWN, more_wh))), total_wh(tuple(kept_back))


def _put_cycles(state: State, interval: int, cycles: tuple[Cycle, ...]) -> None:
    if cycles:
        _put(state.cycles, u32(interval), Cycles(cycles))
    elif u32(interval) in state.cycles:
        state.cycles.delete(u32(interval))


def _put(table: Table, key: bytes, value: tuple) -> None:
    if table.get(key) != value:
        table.put(key, value)
