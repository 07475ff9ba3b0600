"""
Two clients for every user offer, accept, release and replay in any order, while readings come or do not. After each
operation every wallet holds what a model of a few lines says, and nothing is made or lost.

GRIDTIDE_OPERATIONS=100000 .venv/bin/python -m pytest -q -s tests/chain/test_exchange_model.py
"""

import os
import random
from collections import Counter
from typing import Any

from chain.board import OUTCOMES
from chain.exchange import locked_micro
from chain.state import GRID_ID
from chain.status import Status
from tests.chain.test_exchange import Street
from tests.chain.world import START

OPERATIONS = int(os.environ.get("GRIDTIDE_OPERATIONS", "1500"))
SEED = int(os.environ.get("GRIDTIDE_SEED", "7"))
METERS = ("m1", "m2", "m3")


class Model:
    """Money by name, and of every offer: payer, money, Wh, interval of delivery, who took it, what became of it."""

    def __init__(self, balances: dict[str, int]) -> None:
        self.balances = balances
        self.offers: dict[str, dict[str, Any]] = {}
        self.measured: dict[tuple[str, int], set[int]] = {}
        self.used_wh: Counter[tuple[str, int]] = Counter()

    def offer(self, payer: str, name: str, money: int, energy_wh: int, interval: int) -> bool:
        if self.balances[payer] < money:
            return False
        self.balances[payer] -= money
        self.offers[name] = {"payer": payer, "money": money, "wh": energy_wh, "at": interval, "by": "", "is": "open"}
        return True

    def accept(self, name: str, meter: str) -> bool:
        one = self.offers[name]
        at_once = [other for other in self.offers.values() if other["by"] == meter and other["is"] == "accepted"]
        if one["is"] != "open" or any(other["at"] == one["at"] for other in at_once):
            return False
        one["by"], one["is"] = meter, "accepted"
        return True

    def delivered(self, one: dict[str, Any], baseline_wh: int) -> bool:
        place = one["by"], one["at"]
        return self.measured.get(place, set()) == {0, 1} and baseline_wh - self.used_wh[place] >= one["wh"]

    def end(self, one: dict[str, Any], baseline_wh: int) -> None:
        is_paid = one["is"] == "accepted" and self.delivered(one, baseline_wh)
        self.balances[f"user-{one['by']}" if is_paid else one["payer"]] += one["money"]
        one["is"] = "paid" if is_paid else "returned"


class Play:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.world = Street()
        names = ("grid", *(f"user-{meter}" for meter in METERS))
        self.model = Model({name: self.world.balance(name) for name in names})
        self.seen: Counter[str] = Counter()
        self.now = self.world.state.interval
        self.sent: list[bytes] = []

    def one(self, transaction: bytes) -> bool:
        status = self.world.one(transaction)
        self.seen[status.name] += 1
        if status is Status.APPLIED:
            self.sent.append(transaction)
        return status is Status.APPLIED

    def baseline_wh(self, one: dict[str, Any]) -> int:
        """The mean of the four intervals before it was offered: worked out from what the model read."""
        before = range(one["at"] - 6, one["at"] - 2)
        given = {"m1": 4000, "m2": -4000, "m3": 3000}[one["by"]] if one["by"] else 0
        return sum(self.model.used_wh[one["by"], at] if at >= START + 4 else given for at in before) // 4

    def offer(self) -> None:
        payer = self.dice.choice(("grid", "user-m1", "user-m2", "user-m3"))
        signer = "operator" if payer == "grid" else payer
        purse = max(0, self.model.balances[payer])
        money = self.dice.choice((0, 1, purse // 3, purse, purse + 1))
        energy_wh = self.dice.choice((1, 500, 2000))
        first, second = f"o{len(self.model.offers)}", f"twin{len(self.model.offers)}"
        fields = {"money_micro": money, "energy_wh": energy_wh, "first_interval": self.now + 2}
        fields |= {"last_interval": self.now + 2, "expires_interval": self.now + 2}
        signed = self.world.offer(signer, first, **fields)
        # The other client has the same nonce.
        twin = self.world.offer(signer, second, **(fields | {"money_micro": money // 2}))
        assert self.one(signed) == self.model.offer(payer, first, money, energy_wh, self.now + 2)
        if first in self.model.offers:
            assert not self.one(twin)

    def accept(self) -> None:
        if not self.model.offers:
            return
        name, meter = self.dice.choice(list(self.model.offers)[-6:]), self.dice.choice(METERS)
        one = self.model.offers[name]
        signer = self.dice.choice((meter, f"user-{meter}"))
        leg = self.world.accept(signer, name, meter, energy_wh=one["wh"], money_micro=one["money"])
        assert self.one(leg) == self.model.accept(name, meter)

    def release(self) -> None:
        if not self.model.offers:
            return
        name = self.dice.choice(list(self.model.offers)[-60:])
        one = self.model.offers[name]
        is_due = one["is"] == "accepted" and self.now > one["at"] and self.model.delivered(one, self.baseline_wh(one))
        applied = self.one(self.world.release(self.dice.choice(("operator", "user-m1", "m3")), name))
        assert applied == is_due
        if applied:
            self.model.end(one, self.baseline_wh(one))

    def replay(self) -> None:
        if self.sent:
            assert not self.one(self.dice.choice(self.sent[-40:]))

    def advance(self) -> None:
        """The open interval is read (with luck by everybody, in both windows), and the next one opens."""
        for half in (0, 1):
            for meter in METERS:
                energy_wh = 2 * self.dice.choice((0, 500, 1000, 2000))
                if self.dice.random() < 0.9 or half == 0:
                    self.world.read(self.now - START, halves=(half,), **{meter: energy_wh})
                    place = meter, self.now
                    self.model.measured.setdefault(place, set()).add(half)
                    self.model.used_wh[place] += energy_wh // 2 * (-1 if meter == "m2" else 1)
        self.now += 1
        self.world.must(self.world.advance(self.now))
        for one in self.model.offers.values():
            is_over = (one["is"] == "open" and one["at"] <= self.now) or (
                one["is"] == "accepted" and one["at"] + 49 <= self.now
            )
            if is_over:
                self.model.end(one, self.baseline_wh(one))

    def compare(self) -> None:
        for name, money in self.model.balances.items():
            assert self.world.balance(name) == money, name
        running = [one["money"] for one in self.model.offers.values() if one["is"] in ("open", "accepted")]
        assert locked_micro(self.world.state) == sum(running)
        assert sum(wallet.balance_micro for _, wallet in self.world.state.wallets.items()) + sum(running) == 0


def test_every_wallet_is_what_the_model_says():
    dice = random.Random(SEED)
    print(f"GRIDTIDE_SEED={SEED} GRIDTIDE_OPERATIONS={OPERATIONS}")
    play, seen = Play(dice), Counter[str]()
    for number in range(OPERATIONS):
        if number % 2000 == 0:  # a fresh street: a test's time must not grow with the square of its length
            seen += play.seen
            play = Play(dice)
        getattr(play, dice.choice(("offer", "offer", "accept", "accept", "release", "release", "replay", "advance")))()
        play.compare()
    seen += play.seen
    print(dict(seen))
    outcomes = {OUTCOMES[posting.outcome] for _, posting in play.world.state.offers.items()}
    assert {"paid", "returned"} <= outcomes and seen["NONCE_STALE"] and seen["BALANCE_TOO_LOW"]
    assert GRID_ID in play.world.state.wallets
