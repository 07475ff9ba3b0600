"""
The Model is a second ledger, written to be simple and from docs/ledger.md alone: lists, fractions, everything worked
out anew each time. It shares no code with chain/; it says what wallets and batteries keep.
"""

from collections import defaultdict
from fractions import Fraction
from itertools import accumulate
from typing import Any

GRID, SOLAR, STORAGE = 0, 1, 2
NOBODY = bytes(8)


class Model:
    def __init__(self, genesis: Any) -> None:
        self.genesis = genesis
        self.now = genesis.start_interval
        self.meters: dict[bytes, tuple[bytes, bytes, int]] = {}  # id -> owner, area, type
        self.measured: set[bytes] = set()  # areas with an M-LMD
        self.books: dict[tuple[int, bytes], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.area_wh: dict[tuple[int, bytes], int] = defaultdict(int)
        self.agreed: dict[tuple[bytes, int], list[tuple[int, Any]]] = defaultdict(list)  # what counts from when on
        self.open: dict[int, tuple[bytes, bytes, int]] = {}  # contract id -> owner, meter, kind
        self.used: set[int] = set()
        self.prices: dict[int, tuple[int, ...]] = {}
        self.due: set[int] = set()
        self.flows: dict[int, list[tuple[bytes, bytes, int, int, int]]] = {}
        self.batteries: dict[int, dict[bytes, tuple[int, int]]] = {}  # interval -> meter -> charged, discharged
        self.losses: dict[tuple[int, bytes], int] = {}

    # What was agreed

    def agree(self, owner: bytes, number: int, kind: int, meter: bytes, terms: Any) -> bool:
        """Open or amend; whether the ledger should take it."""
        mine = self.open.get(number)
        taken = any(place[1:] == (meter, kind) for place in self.open.values())
        if mine != (owner, meter, kind) and (number in self.used or taken):
            return False
        self.open[number] = (owner, meter, kind)
        self.used.add(number)
        self.agreed[meter, kind].append((self._from(), terms))
        return True

    def end(self, owner: bytes, number: int) -> bool:
        if number not in self.open or self.open[number][0] != owner:
            return False
        _, meter, kind = self.open.pop(number)
        self.agreed[meter, kind].append((self._from(), None))
        return True

    def _from(self) -> int:
        return self.now + 1 if self.now in self.prices else self.now

    def said(self, meter: bytes, kind: int, interval: int) -> Any:
        """The last word on an interval; None for none."""
        words = [terms for since, terms in self.agreed[meter, kind] if since <= interval]
        return words[-1] if words else None

    # What was measured

    def read(self, area: bytes, interval: int, net_wh: int, rows: dict[bytes, tuple[int, int, int, int]]) -> None:
        for meter, row in rows.items():
            for place, wh in enumerate(row):
                self.books[interval, meter][place] += wh
        self.area_wh[interval, area] += net_wh
        self.due.add(interval)

    # What follows

    def settle(self, interval: int) -> bool:
        if interval >= self.now or interval not in self.due:
            return False
        self.due.discard(interval)
        self.flows[interval] = _Market(self, interval).flows()
        rows = {meter: self.books[interval, meter] for meter in self.meters}
        given: dict[bytes, int] = defaultdict(int)
        for producer, _, number, wh, _ in self.flows[interval]:
            given[producer] += wh if number == STORAGE else 0
        self.batteries[interval] = {meter: (row[2], given[meter]) for meter, row in rows.items()}
        for area in self.measured:
            nets = [row[0] + row[2] - row[1] - row[3] for meter, row in rows.items() if self.meters[meter][1] == area]
            self.losses[interval, area] = self.area_wh[interval, area] - sum(nets)
        return True

    def wallets(self) -> dict[bytes, tuple[int, int, int]]:
        """(balance, bought, sold) of everybody who traded."""
        held: dict[bytes, list[int]] = defaultdict(lambda: [0, 0, 0])
        for flows in self.flows.values():
            for producer, consumer, _, wh, money in flows:
                seller, buyer = self._owner(producer), self._owner(consumer)
                if seller != buyer:
                    held[seller] = [held[seller][0] + money, held[seller][1], held[seller][2] + wh]
                    held[buyer] = [held[buyer][0] - money, held[buyer][1] + wh, held[buyer][2]]
        return {owner: (row[0], row[1], row[2]) for owner, row in held.items()}

    def _owner(self, meter: bytes) -> bytes:
        return NOBODY if meter == NOBODY else self.meters[meter][0]

    def stocks(self, battery_kind: int) -> dict[bytes, tuple[int, int]]:
        """(what it holds, what it lost) of every battery, from the first interval on."""
        held: dict[bytes, int] = defaultdict(int)
        lost: dict[bytes, int] = defaultdict(int)
        for interval in sorted(self.batteries):
            for meter, (charged, given) in self.batteries[interval].items():
                stored = charged * self.genesis.storage_efficiency_permille // 1000
                held[meter] = max(0, held[meter] - given) + stored
                terms = self.said(meter, battery_kind, interval)
                over = max(0, held[meter] - terms[0]) if terms and (charged or given) else 0
                held[meter] -= over
                lost[meter] += charged - stored + over
        return {meter: (held[meter], lost[meter]) for meter in held}


class _Market:
    """One interval, settled by hand."""

    def __init__(self, model: Model, interval: int) -> None:
        self.model, self.interval = model, interval
        self.moved: dict[tuple[bytes, bytes, int, bool], int] = defaultdict(int)  # ... is it one's own
        self.sale: dict[tuple[bytes, int], int] = defaultdict(int)
        self.need: dict[bytes, int] = {}
        for meter, (_, _, number) in sorted(model.meters.items()):
            consumed, produced, charged, discharged = model.books[interval, meter]
            self.need[meter] = consumed + charged
            self.sale[meter, number] += produced
            self.sale[meter, STORAGE] += discharged
        days = [i for i in model.prices if interval - 48 < i <= interval]
        floors = tuple(one.floor_micro_per_kwh for one in model.genesis.pricing)
        self.floors, self.prices = floors, model.prices[max(days)] if days else floors

    def flows(self) -> list[tuple[bytes, bytes, int, int, int]]:
        self._own()
        for asks in self._rounds():
            groups: dict[Any, list[bytes]] = defaultdict(list)
            for meter, ask in asks:
                groups[ask].append(meter)
            for (sellers, number), buyers in groups.items():
                self._share(sellers, number, buyers)
        for meter, wh in self.need.items():
            self.moved[NOBODY, meter, GRID, False] += wh
        result = [
            (*place, wh, 0 if is_own else wh * self.prices[place[2]] // 1000)
            for (*place, is_own), wh in self.moved.items()
        ]
        result += [
            (meter, NOBODY, number, wh, wh * self.floors[number] // 1000) for (meter, number), wh in self.sale.items()
        ]
        return [row for row in result if row[3]]

    def _own(self) -> None:
        meters = sorted(self.need)
        mine = [(one, one) for one in meters]
        mine += [(p, c) for c in meters for p in meters if self.model.meters[p][0] == self.model.meters[c][0]]
        for producer, consumer in mine:
            for number in (GRID, SOLAR, STORAGE):
                wh = min(self.sale[producer, number], self.need[consumer])
                self._move(producer, consumer, number, wh, True)

    def _move(self, producer: bytes, consumer: bytes, number: int, wh: int, is_own: bool) -> None:
        if producer != NOBODY:
            self.sale[producer, number] -= wh
        self.need[consumer] -= wh
        self.moved[producer, consumer, number, is_own] += wh

    def _rounds(self) -> list[list[tuple[bytes, Any]]]:
        """[(meter, (whose energy, type))]: who asks for what in each round, as the documentation lists them."""
        plant, near, local, any_ = ([[], [], []] for _ in range(4))
        for meter in sorted(self.need):
            terms, types = self.model.said(meter, 1, self.interval) or ((2**32 - 1,), ())
            limit, solar, storage, grid, is_near, high, low, _ = (*terms, *(None,) * (8 - len(terms)))
            limits = [2**32 - 1 if grid is None else grid] + [
                min(limit, 2**32 - 1 if one is None else one) for one in (solar, storage)
            ]
            area = self.model.meters[meter][1]
            for turn, number in enumerate(types or (SOLAR, STORAGE, GRID)):
                if self.prices[number] > limits[number]:
                    continue
                any_[turn].append((meter, ("any", number)))
                if number != GRID:
                    (near if is_near else local)[turn].append((meter, (area, number)))
                    if high or low:
                        named = high.to_bytes(4, "big") + (low or 0).to_bytes(4, "big")
                        plant[turn].append((meter, ((named,), number)))
        turns = [one for pair in zip(local, any_, strict=True) for one in pair]
        return [*plant, *near, *turns]

    def _sellers(self, whose: Any) -> list[bytes]:
        if whose == "any":
            return sorted(self.need)
        if isinstance(whose, tuple):
            return [meter for meter in whose if meter in self.need]
        return [meter for meter in sorted(self.need) if self.model.meters[meter][1] == whose]

    def _share(self, whose: Any, number: int, buyers: list[bytes]) -> None:
        sellers = self._sellers(whose)
        offers = [self.sale[one, number] for one in sellers]
        asks = [self.need[one] for one in buyers]
        total = min(sum(offers), sum(asks))
        ends = list(accumulate(largest_remainders(asks, total)))
        starts = list(accumulate(largest_remainders(offers, total)))
        for p, producer in enumerate(sellers):
            for c, consumer in enumerate(buyers):
                low = max(starts[p - 1] if p else 0, ends[c - 1] if c else 0)
                wh = min(starts[p], ends[c]) - low
                if wh > 0:
                    self._move(producer, consumer, number, wh, False)
        if number == GRID:
            for consumer in buyers:
                self._move(NOBODY, consumer, GRID, self.need[consumer], False)


def largest_remainders(asked: list[int], total: int) -> list[int]:
    whole = sum(asked)
    exact = [Fraction(one * total, whole) if whole else Fraction(0) for one in asked]
    shares = [int(one) for one in exact]
    by_rest = sorted(range(len(asked)), key=lambda at: (shares[at] - exact[at], at))
    for at in by_rest[: total - sum(shares)]:
        shares[at] += 1
    return shares
