"""
Settlement keys on the ledger: what households earned and owe goes to keys that change every period, that the household
and the operator find again, that spend, and that nothing on the ledger links to a household or to one another.
"""

import os
from collections import Counter
from hashlib import sha256
from random import Random

import pytest

from chain import household
from chain.audit import conservation
from chain.embedded import EmbeddedLedger, load_state
from chain.household import compose, view_key
from chain.ledger_file import LedgerFile
from chain.payout import due, units
from chain.state import GRID_ID, State
from chain.status import Status
from tests.chain.households import FIRST_PERIOD, METERS, UNIT, Households, seed
from tests.chain.world import START, World

OPERATIONS = int(os.environ.get("GRIDTIDE_OPERATIONS", "500"))
USERS = [f"user-{meter}" for meter in METERS]


@pytest.fixture
def town() -> Households:
    """Two days: m2 and m3 sold, the others bought; the first day is paid out."""
    town = Households()
    town.live(m1=4000, m2=-1500, m3=-5600, m4=3700, m5=3200)
    town.next_day()
    town.must(town.payout())
    town.live(m1=3100, m2=-6600, m3=-3500, m4=4300, m5=3900)
    town.next_day()
    return town


def test_units_are_whole_and_towards_zero():
    assert [units(balance, 10) for balance in (0, 9, 10, 29, -9, -10, -29)] == [0, 0, 1, 2, 0, -1, -2]


def test_a_payout_empties_accounts_of_whole_units_into_keys_that_all_look_alike(town):
    before = {user: town.balance(town.id(user)) for user in USERS}
    town.must(town.payout())
    for user in USERS:
        mine = [held for held in town.holdings(user) if held.period == town.day - 1]
        assert len(mine) == abs(units(before[user], UNIT)), "the household finds all of its units"
        assert town.balance(town.id(user)) + sum(town.balance(held.key_id) for held in mine) == before[user]
        assert abs(town.balance(town.id(user))) < UNIT
        assert all(abs(town.balance(held.key_id)) == UNIT for held in mine)
    assert not any(conservation(town.state).values())


def test_household_and_operator_find_the_same_keys_and_others_none(town):
    operator = town.key("operator").public
    for user in USERS:
        public = town.key(user).public
        assert town.view(user) == view_key(seed(user), operator, public)
        assert town.view(user).household_id == town.id(user)
        stranger = view_key(seed("mallory"), public, public)
        assert household.holdings([], stranger) == []
        announced = list(_payouts(town))
        assert household.holdings(announced, stranger) == []
        assert household.holdings(announced, town.view(user)) == town.holdings(user) != []


def _payouts(town: Households):
    from chain.opened import open_transaction
    from wire import kind

    for transaction, status in zip(town.log, town.statuses, strict=True):
        opened = open_transaction(transaction)
        if not status and opened.envelope.kind == kind.PAYOUT:
            yield opened.content


def test_a_payout_is_the_same_whosever_each_key_is(town, monkeypatch):
    """So nothing in it, and nothing that follows from it, tells: the keys dealt to other households, the same bytes."""
    honest = town.payout()
    accounts = due(town.state, UNIT)
    sellers = [account for account, count in accounts.items() if count > 0]
    pool = {
        sign: [key for account in accounts if accounts[account] * sign > 0 for key in _keys(town, account, accounts)]
        for sign in (1, -1)
    }
    dice = Random(5)
    for keys in pool.values():
        dice.shuffle(keys)
    taken = {sign: iter(keys) for sign, keys in pool.items()}

    class Dealt:
        def __init__(self, public_key: bytes) -> None:
            self._sign = 1 if sha256(public_key).digest()[:8] in sellers else -1

        def key(self, period: int, number: int) -> bytes:
            return next(taken[self._sign])

    monkeypatch.setattr(household, "view_key", lambda seed, other, public_key: Dealt(public_key))
    assert len(sellers) == 2 and len(pool[1]) > 4
    assert town.payout() == honest


def _keys(town: Households, account: bytes, accounts: dict[bytes, int]) -> list[bytes]:
    view = town.view(town.name_of(account))
    return [view.key(town.day - 1, number) for number in range(abs(accounts[account]))]


def test_no_stored_byte_links_two_periods_keys(town, tmp_path):
    """
    The whole ledger file, row by row and block by block: wherever a settlement key, its id or what it comes from
    stands, there stands nothing of its household and no key of another period.
    """
    town.must(town.payout())
    path = tmp_path / "ledger.sqlite"
    ledger = EmbeddedLedger.open(path, town.genesis)
    for transaction in town.log:
        ledger.commit([transaction])
    ledger.close()
    file = LedgerFile(path, is_writing=False)
    state = load_state(file, town.genesis)
    records = [key + value for _, key, value in file.state()]
    records += [transaction for block in file.blocks() for transaction in block.transactions]
    file.close()
    everything = path.read_bytes()
    keys = {}  # of each household: by period, the keys and their ids
    for user in USERS:
        assert town.view(user).secret not in everything and seed(user) not in everything
        for held in town.holdings(user):
            public = town.view(user).key(held.period, held.number)
            assert public in everything, "it is there: the search would find a link"
            keys.setdefault(user, {}).setdefault(held.period, []).extend((public, held.key_id))
    assert sum(len(periods) == 2 for periods in keys.values()) >= 3
    for user, periods in keys.items():
        meter = user.removeprefix("user-")
        household_marks = (town.id(user), town.key(user).public, town.id(meter), town.key(meter).public)
        for period, marks in periods.items():
            others = [mark for at, some in periods.items() if at != period for mark in some]
            where = [record for record in records if any(mark in record for mark in marks)]
            assert len(where) >= 2 * len(marks)
            for record in where:
                assert not [mark for mark in (*household_marks, *others) if mark in record]
    for key, period in state.settlement_keys.items():
        row = state.wallets.get(key), state.subjects.get(key)._replace(public_key=b""), state.nonces.get(key)
        assert period.number in (FIRST_PERIOD, FIRST_PERIOD + 1)
        signs = {abs(row[0].balance_micro), *row[0][1:]}
        assert signs == {UNIT, 0} and row[1:] == (state.subjects.get(key)._replace(public_key=b""), None)
    alike = {state.subjects.get(key)._replace(public_key=b"") for key, _ in state.settlement_keys.items()}
    assert len(alike) == 1, "but for the key itself, every settlement key's subject is the same"


def test_what_is_no_payout(town):
    good = compose(town.state, seed("operator"), town.next_nonce("operator"), town.day - 1, UNIT)
    weak = tuple(sorted((*good.credited[1:], bytes(32))))
    taken = tuple(sorted((*good.credited[1:], town.key("user-m1").public)))
    twice = tuple(sorted((*good.credited[1:], good.debited[0])))
    old = tuple(sorted((*good.credited[1:], next(_payouts(town)).credited[0])))
    cases = [
        ({"period": town.day}, Status.PAYOUT_PERIOD_OPEN),
        ({"period": FIRST_PERIOD - 1}, Status.PAYOUT_PERIOD_OPEN),
        ({"period": FIRST_PERIOD}, Status.PAYOUT_KNOWN),
        ({"share": 1}, Status.PAYOUT_KNOWN),
        ({"credited": tuple(reversed(good.credited))}, Status.PAYOUT_UNORDERED),
        ({"debited": (good.debited[0], *good.debited)}, Status.PAYOUT_UNORDERED),
        ({"credited": good.credited[1:]}, Status.PAYOUT_COUNT_WRONG),
        ({"unit_micro": UNIT // 2}, Status.PAYOUT_COUNT_WRONG),
        ({"credited": good.debited, "debited": good.credited}, Status.PAYOUT_COUNT_WRONG),
        ({"credited": taken}, Status.SUBJECT_TAKEN),
        ({"credited": old}, Status.SUBJECT_TAKEN),
        ({"credited": twice}, Status.SUBJECT_TAKEN),
        ({"credited": weak}, Status.KEY_WEAK),
        ({}, Status.APPLIED),
    ]
    for changed, status in cases:
        before = town.state.app_hash
        assert town.one(town.payout(**changed)) is status, changed
        assert (town.state.app_hash == before) == (status is not Status.APPLIED)
    assert town.one(town.log[-1]) is Status.NONCE_STALE
    assert town.one(town.payout()) is Status.PAYOUT_KNOWN


def test_shares_pay_out_all_accounts_once(town):
    for share in range(3):
        signed = compose(town.state, seed("operator"), town.next_nonce("operator"), town.day - 1, UNIT, share, 3)
        town.must(town.payout(**signed._asdict()))
    assert due(town.state, UNIT) == {}
    assert not any(conservation(town.state).values())


def test_a_settlement_key_spends_and_is_gone_when_it_is_spent(town):
    held = next(held for held in town.holdings("user-m2") if held.unit_micro > 0)
    buyer, other = town.id("user-m4"), next(held for held in town.holdings("user-m3") if held.unit_micro > 0)
    debt = next(held for held in town.holdings("user-m1") if held.unit_micro < 0)
    rows = len(town.state.subjects)
    paid = town.spend("user-m2", held, buyer, UNIT - 1)
    before = town.balance(buyer)
    again = town.transfer("operator", debt.key_id, UNIT, town.next_nonce("operator") + 1)
    cases = [
        (town.spend("user-m2", held, b"nobody!!", 1), Status.WALLET_NOT_FOUND),
        (town.spend("user-m2", held, held.key_id, 1), Status.WALLET_NOT_FOUND),
        (town.spend("user-m2", held, town.id("m4"), 1), Status.WALLET_NOT_FOUND),
        (town.spend("user-m2", held, buyer, UNIT + 1), Status.BALANCE_TOO_LOW),
        (town.spend("user-m3", held, buyer, 1), Status.BAD_SIGNATURE),
        (town.spend("user-m1", debt, buyer, 1), Status.BALANCE_TOO_LOW),
        (paid, Status.APPLIED),
        (paid, Status.NONCE_STALE),
        (town.spend("user-m2", held, other.key_id, 1, nonce=2), Status.APPLIED),
        (paid, Status.UNKNOWN_SIGNER),  # spent, and gone with all its rows
        (town.spend("user-m3", other, GRID_ID, UNIT + 1), Status.APPLIED),  # cashed in
        (town.transfer("operator", debt.key_id, UNIT), Status.APPLIED),  # a debt that was paid
        (again, Status.WALLET_NOT_FOUND),
        (town.transfer("m1", buyer, 1), Status.NOT_PERMITTED),
    ]
    for number, (transaction, status) in enumerate(cases):
        assert town.one(transaction) is status, number
    assert town.balance(buyer) == before + UNIT - 1
    assert len(town.state.subjects) == rows - 3
    assert held.key_id not in town.state.wallets and held in town.holdings("user-m2")
    assert not any(conservation(town.state).values())


def test_the_state_of_a_payout_is_that_of_its_rows(town):
    """Loaded again from its rows a state has the same app hash: nothing is kept beside them."""
    town.must(town.payout())
    again = State(town.genesis)
    for table in town.state.tables:
        for key, _ in table.items():
            again.tables[table.number].load(key, table.encoded(key))
    assert again.seal() == town.state.app_hash


class Model:
    """Money by wallet. A payout is worked out by hand: whole units leave, remainders stay."""

    def __init__(self) -> None:
        self.balance: Counter[bytes] = Counter()
        self.keys: dict[bytes, tuple[str, object]] = {}

    def move(self, giver: bytes, taker: bytes, money: int) -> None:
        self.balance[giver] -= money
        self.balance[taker] += money


def test_money_is_conserved_over_any_sequence_of_payouts_and_transfers():
    """Every wallet after every operation is the model's; nothing is made or lost, and no replay counts."""
    dice = Random(int(os.environ.get("GRIDTIDE_SEED", "11")))
    seen: Counter[str] = Counter()
    left = OPERATIONS
    while left > 0:
        left -= _history(dice, min(left, 300), seen)
    print(f"\n{sum(seen.values())} operations: {dict(seen.most_common())}")


def _history(dice: Random, length: int, seen: Counter[str]) -> int:
    town, model = Households(), Model()
    spent: list[bytes] = []
    for _ in range(length):
        verb = dice.choice(("live", "live", "pay", "spend", "spend", "spend", "give", "redeem", "replay"))
        if verb == "live":
            _live(town, model, dice)
        elif verb == "pay":
            _pay(town, model)
        elif verb == "spend":
            spent += _spend(town, model, dice, seen)
        elif verb == "give":
            giver, taker = dice.sample(USERS, 2)
            money = dice.choice((1, UNIT // 3, 10**9))
            status = town.one(town.transfer(giver, town.id(taker), money))
            assert (status is Status.APPLIED) == (model.balance[town.id(giver)] >= money)
            if status is Status.APPLIED:
                model.move(town.id(giver), town.id(taker), money)
            seen[status.name] += 1
        elif verb == "redeem" and model.keys:
            key_id = dice.choice(sorted(model.keys))
            money = min(model.balance[GRID_ID], -model.balance[key_id])
            if money > 0:
                town.must(town.transfer("operator", key_id, money))
                model.move(GRID_ID, key_id, money)
        elif verb == "replay" and spent:
            assert town.one(dice.choice(spent)) is not Status.APPLIED
        seen[verb] += 1
        wallets = {key: wallet.balance_micro for key, wallet in town.state.wallets.items() if wallet.balance_micro}
        assert wallets == {key: money for key, money in model.balance.items() if money}
        assert sum(wallets.values()) == 0
    assert not any(conservation(town.state).values())
    assert all(town.balance(key) or key in town.state.moved for key, _ in town.state.settlement_keys.items())
    return length


def _live(town: Households, model: Model, dice: Random) -> None:
    """One seller, one buyer, all at the floor of solar or the grid's price: the books decide, the model reads flows."""
    now = town.state.interval
    town.live(m2=-dice.randrange(1, 4000), m4=dice.randrange(1, 4000), m1=dice.randrange(1, 900))
    for flow in town.state.settled.get(now.to_bytes(4, "big")).flows:
        buyer, seller = (
            GRID_ID if meter == GRID_ID else town.id(f"user-{town.name_of(meter)}")
            for meter in (flow.consumer_id, flow.producer_id)
        )
        model.move(buyer, seller, flow.energy_wh * flow.price_micro_per_kwh // 1000)
    town.day = max(town.day, town.state.interval // 48)


def _pay(town: Households, model: Model) -> None:
    town.next_day()
    town.must(town.payout())
    for user in USERS:
        account = town.id(user)
        while abs(model.balance[account]) >= UNIT:
            sign = 1 if model.balance[account] > 0 else -1
            number = sum(name == user and held[0] == town.day - 1 for name, held in model.keys.values())
            key_id = sha256(town.view(user).key(town.day - 1, number)).digest()[:8]
            model.keys[key_id] = (user, (town.day - 1, number))
            model.move(account, key_id, sign * UNIT)


def _spend(town: Households, model: Model, dice: Random, seen: Counter[str]) -> list[bytes]:
    if not model.keys:
        return []
    key_id = dice.choice(sorted(model.keys))
    user, (period, number) = model.keys[key_id]
    held = household.Holding(period, number, key_id, UNIT)
    to_id = dice.choice([*map(town.id, USERS), GRID_ID, *sorted(model.keys)])
    money = dice.choice((1, UNIT // 2, UNIT, model.balance[key_id], UNIT + 1))
    if money < 1:
        return []
    nonce = town.state.nonces.get(key_id)
    transaction = town.spend(user, held, to_id, money, 1 if nonce is None else nonce.number + 1)
    status = town.one(transaction)
    is_there = key_id in town.state.subjects or status is Status.APPLIED
    exists = is_there and (to_id not in model.keys or to_id in town.state.subjects or status is Status.APPLIED)
    assert (status is Status.APPLIED) == (exists and to_id != key_id and model.balance[key_id] >= money)
    seen[f"spend {status.name}"] += 1
    if status is not Status.APPLIED:
        return []
    model.move(key_id, to_id, money)
    return [transaction]


def test_a_ledger_that_began_today_has_no_period_to_pay_out():
    world = Households()
    assert START % 48 and world.one(world.payout(FIRST_PERIOD)) is Status.PAYOUT_PERIOD_OPEN
    assert isinstance(world, World)
