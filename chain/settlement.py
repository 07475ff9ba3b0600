"""
Settlement says, for one closed interval, whose energy went to whom and for how much. Pure over the books, the prices
and the contracts that were in force in that interval.

First each meter, then each owner, uses what is their own; then consumers take what others have left over, rank by rank
of their contract's preferences; the grid supplies the rest and takes the surplus. Where there is less than is asked
for, everybody gets the same share, to the Wh. Nothing depends on the order of arrival.
"""

from collections import defaultdict

from chain.contracts.supply import Supply, supply_of
from chain.market import NOTHING, price_of
from chain.rounds import ANYWHERE, AREA, PLANT, Claim, rounds
from chain.share import pairs, pro_rata
from chain.state import GRID_ID, Book, Flow, State, u32
from wire.energy_type import GRID, NAMES, STORAGE
from wire.registration import METER

Have = dict[int, dict[bytes, int]]  # energy type -> meter -> Wh left to sell
Need = dict[bytes, int]  # meter -> Wh still to buy
Moved = dict[tuple[bytes, bytes, int], int]  # (producer, consumer, energy type) -> Wh


def settle(state: State, interval: int) -> tuple[Flow, ...]:
    """The flows of an interval, in the order of (producer, consumer, energy type). GRID_ID stands for the grid."""
    have, need = _books(state, interval)
    prices = price_of(state, interval)
    own = _use_own(state, have, need)
    moved: Moved = defaultdict(int)
    _trade(state, _supplies(state, need, interval), prices, have, need, moved)
    for consumer, wh in need.items():
        moved[GRID_ID, consumer, GRID] += wh
    flows = [_flow(place, wh, prices[place[2]]) for place, wh in moved.items()]
    flows += [_flow(place, wh, 0) for place, wh in own.items()]
    for number in have:
        floor = state.genesis.pricing[number].floor_micro_per_kwh
        flows += [_flow((producer, GRID_ID, number), wh, floor) for producer, wh in have[number].items()]
    return tuple(sorted(flow for flow in flows if flow.energy_wh))


def _flow(place: tuple[bytes, bytes, int], energy_wh: int, price: int) -> Flow:
    """Money is rounded once, down, and debited as it is credited."""
    return Flow(*place, energy_wh, price, energy_wh * price // 1000)


def _books(state: State, interval: int) -> tuple[Have, Need]:
    have: Have = {number: {} for number in range(len(NAMES))}
    need: Need = {}
    for meter_id, subject in state.subjects.items():
        book: Book = state.books.get(u32(interval) + meter_id, NOTHING)
        if subject.role != METER or book == NOTHING:
            continue
        need[meter_id] = book.consumed_wh + book.charged_wh
        have[subject.energy_type][meter_id] = book.produced_wh
        have[STORAGE][meter_id] = have[STORAGE].get(meter_id, 0) + book.discharged_wh
    return have, need


def _use_own(state: State, have: Have, need: Need) -> Moved:
    """Own production to own consumption, free: within the meter, then between the meters of one owner, by id."""
    moved: Moved = defaultdict(int)
    meters_of: dict[bytes, list[bytes]] = defaultdict(list)
    for meter_id in need:
        meters_of[state.subjects.get(meter_id).owner_id].append(meter_id)
        _take_own(have, need, moved, meter_id, meter_id)
    for meters in meters_of.values():
        for consumer in meters:
            for producer in meters:
                _take_own(have, need, moved, producer, consumer)
    return moved


def _take_own(have: Have, need: Need, moved: Moved, producer: bytes, consumer: bytes) -> None:
    for number in have:
        wh = min(have[number].get(producer, 0), need[consumer])
        if wh:
            have[number][producer] -= wh
            need[consumer] -= wh
            moved[producer, consumer, number] += wh


def _supplies(state: State, need: Need, interval: int) -> dict[bytes, Supply]:
    return {consumer: supply_of(state, consumer, interval) for consumer in need}


def _trade(
    state: State, supplies: dict[bytes, Supply], prices: tuple[int, ...], have: Have, need: Need, moved: Moved
) -> None:
    """Round by round: in one round every consumer claims at most once, and no two groups of them the same energy."""
    areas = {meter_id: state.subjects.get(meter_id).area_id for meter_id in need}
    for claims in rounds(supplies, areas, prices):
        buyers_of: dict[Claim, Need] = defaultdict(dict)
        for consumer, claim in claims.items():
            if need[consumer]:
                buyers_of[claim][consumer] = need[consumer]
        sellers_of = _sellers(buyers_of, areas, have)
        for claim, buyers in buyers_of.items():
            _share_out(have[claim.energy_type], need, moved, claim.energy_type, sellers_of[claim], buyers)
            if claim.energy_type == GRID:  # whoever prefers the grid has it: it supplies without end
                for consumer in buyers:
                    moved[GRID_ID, consumer, GRID] += need[consumer]
                    need[consumer] = 0


def _sellers(buyers_of: dict[Claim, Need], areas: dict[bytes, bytes], have: Have) -> dict[Claim, Need]:
    """What there is of each claim: of one plant, of one area, or of all."""
    sellers_of: dict[Claim, Need] = {claim: {} for claim in buyers_of}
    for number in {claim.energy_type for claim in buyers_of}:
        for producer, wh in have[number].items():
            for scope, whose in ((PLANT, producer), (AREA, areas[producer]), (ANYWHERE, b"")):
                claim = Claim(scope, whose, number)
                if wh and claim in sellers_of:
                    sellers_of[claim][producer] = wh
    return sellers_of


def _share_out(have: Need, need: Need, moved: Moved, number: int, sellers: Need, buyers: Need) -> None:
    total = min(sum(buyers.values()), sum(sellers.values()))
    sold, bought = pro_rata(sellers, total), pro_rata(buyers, total)
    for producer, consumer, wh in pairs(sold, bought):
        have[producer] -= wh
        need[consumer] -= wh
        moved[producer, consumer, number] += wh
