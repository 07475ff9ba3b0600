"""
Settlement says, for one closed interval, whose energy went to whom and for how much. Pure over the books, the prices
and the contracts that were in force in that interval.

First each meter, then each owner, uses what is their own; then consumers take what others have left over, rank by rank
of their contract's preferences; the grid supplies the rest and takes the surplus. Where there is less than is asked
for, everybody gets the same share, to the Wh. Nothing depends on the order of arrival.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain as chained

from chain.contracts.agreed import in_force
from chain.contracts.supply import LOCAL_FIRST, Supply, supply_in
from chain.market import price_of
from chain.rounds import ANYWHERE, PLANT, Claim, Group, rounds
from chain.rows import GRID_ID, Book, Flow
from chain.share import pairs, pro_rata
from chain.state import State
from wire.contract import SUPPLY
from wire.energy_type import GRID, NAMES, STORAGE
from wire.registration import METER

Wh = dict[bytes, int]  # of meters; never 0
Moved = dict[tuple[bytes, bytes, int], int]  # (producer, consumer, energy type) -> Wh


def settle(state: State, interval: int) -> list[Flow]:
    """The flows of an interval, in no order that may matter. GRID_ID stands for the grid."""
    prices = price_of(state, interval)
    floors = tuple(pricing.floor_micro_per_kwh for pricing in state.genesis.pricing)
    market = Market(state)
    for key in state.books.keys_of(interval):
        market.take(key[4:], state.books.get(key))
    market.use_own()
    for claims in rounds(_groups(state, interval, market), prices):
        for claim, groups in claims.items():
            market.trade(claim, groups)
    flows = [Flow(*place, wh, 0, 0) for place, wh in market.own.items()]
    flows += [_flow(*place, wh, prices[place[2]]) for place, wh in market.moved.items()]
    flows += [_flow(GRID_ID, consumer, GRID, wh, prices[GRID]) for consumer, wh in market.need.items()]
    flows += [_flow(producer, GRID_ID, number, wh, floors[number]) for producer, number, wh in market.left()]
    return flows


def _flow(producer: bytes, consumer: bytes, number: int, energy_wh: int, price: int) -> Flow:
    """Money is rounded once, down, and debited as it is credited."""
    return Flow(producer, consumer, number, energy_wh, price, energy_wh * price // 1000)


def _groups(state: State, interval: int, market: "Market") -> Iterable[Group]:
    """Whoever still needs energy, by area and contract."""
    groups: dict[tuple, Group] = {}
    for consumer in market.need:
        version = in_force(state, consumer, SUPPLY, interval)
        said = None if version is None else (version.terms, version.energy_types)
        key = market.areas[consumer], said
        group = groups.get(key)
        if group is None:
            supply: Supply = LOCAL_FIRST if version is None else supply_in(version)
            group = groups[key] = Group(key[0], supply)
        group.members.append(consumer)
    return groups.values()


class Market:
    """What is needed and what there is, while it is traded. Own use is in `own`, all else in `moved`."""

    def __init__(self, state: State) -> None:
        self._subjects = state.subjects
        self._meters_of: dict[bytes, list[bytes]] = defaultdict(list)  # by owner: those not balanced by themselves
        self.areas: dict[bytes, bytes] = {}
        self.need: Wh = {}
        self.have: tuple[dict[bytes, Wh], ...] = tuple(defaultdict(dict) for _ in NAMES)  # by type, then by area
        self.own: Moved = {}
        self.moved: Moved = defaultdict(int)

    def take(self, meter_id: bytes, book: Book) -> None:
        """What one meter measured, less its own production: that is used first, type by type."""
        subject = self._subjects.get(meter_id)
        if subject.role != METER:
            return
        need = book.consumed_wh + book.charged_wh
        made = {subject.energy_type: book.produced_wh}
        made[STORAGE] = made.get(STORAGE, 0) + book.discharged_wh
        for number in sorted(made):
            used = min(made[number], need)
            need -= used
            if used:
                self.own[meter_id, meter_id, number] = used
            if made[number] > used:
                self.have[number][subject.area_id][meter_id] = made[number] - used
        if need:
            self.need[meter_id] = need
        self.areas[meter_id] = subject.area_id
        self._meters_of[subject.owner_id].append(meter_id)

    def use_own(self) -> None:
        """Between the meters of one owner, by id."""
        for meters in self._meters_of.values():
            if len(meters) > 1:
                meters.sort()
                for consumer in meters:
                    for producer in meters:
                        self._use(producer, consumer)

    def _use(self, producer: bytes, consumer: bytes) -> None:
        for number in range(len(NAMES)):
            wh = min(self.have[number][self.areas[producer]].get(producer, 0), self.need.get(consumer, 0))
            if wh:
                self._hand_over(producer, consumer, number, wh)
                self.own[producer, consumer, number] = self.own.get((producer, consumer, number), 0) + wh

    def _hand_over(self, producer: bytes, consumer: bytes, number: int, wh: int) -> None:
        _less(self.have[number][self.areas[producer]], producer, wh)
        _less(self.need, consumer, wh)

    def trade(self, claim: Claim, groups: list[Group]) -> None:
        """What is claimed is shared out among all who ask; whoever prefers the grid has it: it supplies without end."""
        sellers = self._sellers(claim)
        if not sellers and claim.energy_type != GRID:
            return
        need = self.need
        buyers = {consumer: need[consumer] for group in groups for consumer in group.members if consumer in need}
        self._share_out(claim.energy_type, sellers, buyers)
        if claim.energy_type == GRID:
            for consumer in buyers:
                if consumer in need:
                    self.moved[GRID_ID, consumer, GRID] += need.pop(consumer)

    def _sellers(self, claim: Claim) -> Wh:
        """What there is of a claim: of one plant, of one area, or of all."""
        have = self.have[claim.energy_type]
        if claim.scope == ANYWHERE:
            return dict(chained.from_iterable(area.items() for area in have.values()))
        if claim.scope == PLANT:
            wh = have.get(self.areas.get(claim.whose, b""), {}).get(claim.whose, 0)
            return {claim.whose: wh} if wh else {}
        return have.get(claim.whose, {})

    def _share_out(self, number: int, sellers: Wh, buyers: Wh) -> None:
        total = min(sum(buyers.values()), sum(sellers.values()))
        if total:
            for producer, consumer, wh in list(pairs(pro_rata(sellers, total), pro_rata(buyers, total))):
                self._hand_over(producer, consumer, number, wh)
                self.moved[producer, consumer, number] += wh

    def left(self) -> Iterable[tuple[bytes, int, int]]:
        """(producer, energy type, Wh) of what nobody took."""
        for number, areas in enumerate(self.have):
            for some in areas.values():
                for producer, wh in some.items():
                    yield producer, number, wh


def _less(some: Wh, meter_id: bytes, wh: int) -> None:
    left = some[meter_id] - wh
    if left:
        some[meter_id] = left
    else:
        del some[meter_id]
