"""
Any operations in any order: registrations, readings in time and late, contracts opened, amended and closed, prices,
settlements, and what is refused. After each of them every wallet holds what the model says, to the unit; at the end of
each history so does every battery, and the ledger's own audit finds nothing.

GRIDTIDE_OPERATIONS=100000 .venv/bin/python -m pytest -q -s tests/chain/test_conservation.py      about a minute
"""

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chain.audit import conservation
from chain.lot import total_wh
from chain.status import Status
from tests.chain.model import Model
from tests.chain.world import START, World, window
from wire.contract import BATTERY, SUPPLY

LENGTH = 125
OPERATIONS = int(os.environ.get("GRIDTIDE_OPERATIONS", "2500"))
METERS = [f"m{number}" for number in range(9)]
AREAS = ("area", "far")
PREFERENCES = ((), (0,), (1,), (2, 1), (0, 1, 2), (1, 0, 2), (1, 2, 0))
LIMITS = (0, 60_000, 150_000, 250_000, 2**32 - 1)
AMOUNTS = (0, 0, 1, 2, 7, 333, 999, 2500, 10**6)
VERBS = ("read", "read", "read", "late", "advance", "settle", "settle", "price", "agree", "agree", "end", "register")
seen: Counter[str] = Counter()

operations = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 2**20), st.integers(0, 2**20)), min_size=LENGTH, max_size=LENGTH
)


class History:
    """A ledger and its model, side by side. a and b are what hypothesis chose: everything else is read off them."""

    def __init__(self) -> None:
        self.world = World()
        self.model = Model(self.world.genesis)
        self.world.must(self.world.registration("cloud", "cloud"))
        for area in AREAS:
            self.world.must(self.world.registration(area, "aggregator", area=area))
        self.world.must(self.world.registration("mlmd", "mlmd", area="area"))
        self.model.measured.add(self.world.id("area"))
        for user in ("u0", "u1", "u2", "u3"):
            self.world.must(self.world.registration(user, "user"))
        for number in range(4):
            self.register(number, number)

    def owner(self, meter: str) -> str:
        return f"u{METERS.index(meter) % 4}"

    def expect(self, transaction: bytes, is_applied: bool) -> None:
        status = self.world.one(transaction)
        seen[status.name] += 1
        assert (status is Status.APPLIED) == is_applied, status.name

    def register(self, a: int, b: int) -> None:
        meter, area = METERS[a % len(METERS)], AREAS[b % 2]
        identity = self.world.id(meter)
        is_new = identity not in self.model.meters
        self.expect(self.world.registration(meter, "meter", self.owner(meter), area, a % 3), is_new)
        if is_new:
            self.model.meters[identity] = (self.world.id(self.owner(meter)), self.world.id(area), a % 3)

    def read(self, a: int, b: int, ago: int = 0) -> None:
        """Some meters of an area in one window; the junction saw a little more or less."""
        area = AREAS[a % 2]
        interval = max(START - 2, self.model.now - ago)
        rows = {}
        for number, meter in enumerate(METERS):
            place = self.model.meters.get(self.world.id(meter))
            if place is not None and place[1] == self.world.id(area) and (a >> number) & 1:
                rows[meter] = tuple(AMOUNTS[(b >> shift) * (number + 1) % len(AMOUNTS)] for shift in (0, 3, 6, 9))
        if not rows:
            return
        net_wh = sum(row[0] + row[2] - row[1] - row[3] for row in rows.values()) + b % 5 - 1
        names = ("consumed_wh", "produced_wh", "charged_wh", "discharged_wh")
        entries = {meter: dict(zip(names, row, strict=True)) for meter, row in rows.items()}
        block = self.world.light_block(area, window(interval, a >> 9 & 1), entries, area_wh=net_wh)
        self.expect(block, True)
        self.model.read(
            self.world.id(area), interval, net_wh, {self.world.id(meter): row for meter, row in rows.items()}
        )

    def late(self, a: int, b: int) -> None:
        self.read(a, b, ago=1 + b % 9)

    def advance(self, a: int, b: int) -> None:
        interval = self.model.now + (0, 1, 1, 1, 2)[a % 5]
        self.expect(self.world.advance(interval), interval > self.model.now)
        self.model.now = interval

    def settle(self, a: int, b: int) -> None:
        interval = max(START - 2, self.model.now - a % 6)
        self.expect(self.world.settlement(interval), self.model.settle(interval))

    def price(self, a: int, b: int) -> None:
        is_first = self.model.now not in self.model.prices
        transaction = self.world.price()
        self.expect(transaction, is_first)
        if is_first:
            posted = self.world.state.prices.get(self.model.now.to_bytes(4, "big"))
            self.model.prices[self.model.now] = posted.price_micro_per_kwh

    def agree(self, a: int, b: int) -> None:
        """Open, amend, or try what is somebody else's or taken."""
        meter = METERS[a % len(METERS)]
        user = self.owner(meter) if a % 7 else "u0"
        kind = (SUPPLY, SUPPLY, BATTERY)[b % 3]
        preferred = PREFERENCES[(b >> 4) % len(PREFERENCES)] if kind == SUPPLY else ()
        terms = self._supply(a, b) if kind == SUPPLY else (1000 + b % 5000, 3000, 3000, 100, 950, 900, 1100, 48, 0)
        number = 1 + (a >> 4) % 12
        transaction = self.world.contract(user, number, kind, meter, terms, preferred)
        identity, owner = self.world.id(meter), self.world.id(user)
        is_owned = identity in self.model.meters and self.model.meters[identity][0] == owner
        said = (terms, preferred) if kind == SUPPLY else terms
        self.expect(transaction, is_owned and self.model.agree(owner, number, kind, identity, said))

    def _supply(self, a: int, b: int) -> tuple[int, ...]:
        limits = tuple(LIMITS[(b >> shift) % len(LIMITS)] for shift in (5, 7, 9, 11))
        plant = self.world.id(METERS[(b >> 8) % len(METERS)]) if b >> 13 & 1 else bytes(8)
        halves = int.from_bytes(plant[:4], "big"), int.from_bytes(plant[4:], "big")
        return (*limits, a >> 8 & 1, *halves, b >> 14 & 1)[: 1 + (a >> 10) % 8]

    def end(self, a: int, b: int) -> None:
        number, user = 1 + a % 12, f"u{b % 4}"
        self.expect(self.world.close(user, number), self.model.end(self.world.id(user), number))

    def check_wallets(self) -> None:
        wallets = {key: tuple(one) for key, one in self.world.state.wallets.items() if any(one)}
        assert wallets == {key: one for key, one in self.model.wallets().items() if any(one)}
        assert sum(one[0] for one in wallets.values()) == 0
        assert sum(one[1] for one in wallets.values()) == sum(one[2] for one in wallets.values())

    def check_all(self) -> None:
        state = self.world.state
        assert not any(conservation(state).values())
        stocks = {key: (total_wh(stock.origins), stock.lost_wh) for key, stock in state.stocks.items()}
        expected = self.model.stocks(BATTERY)
        assert {key: one for key, one in stocks.items() if any(one)} == {
            key: one for key, one in expected.items() if any(one)
        }
        losses = {(int.from_bytes(key[:4], "big"), key[4:]): row.number for key, row in state.losses.items()}
        assert {k: wh for k, wh in losses.items() if wh} == {k: wh for k, wh in self.model.losses.items() if wh}
        for interval, flows in self.model.flows.items():
            settled = state.settled.get(interval.to_bytes(4, "big")).flows
            assert sorted((*flow[:4], flow.money_micro) for flow in settled) == sorted(flows)


@settings(
    max_examples=max(1, OPERATIONS // LENGTH),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking 125 operations takes longer than reading them
    suppress_health_check=list(HealthCheck),
)
@given(operations)
def test_wallets_and_batteries_are_the_models_after_any_operations(history):
    pair = History()
    for verb, a, b in history:
        getattr(pair, verb)(a, b)
        if verb == "settle":
            pair.check_wallets()
    pair.check_all()


def teardown_module() -> None:
    print(f"\n{sum(seen.values())} operations: {dict(seen.most_common())}")
