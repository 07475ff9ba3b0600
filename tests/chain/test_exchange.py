"""
Atomic exchange as stories: both legs or neither, whatever goes wrong; every line one transaction. The users' money
comes from selling: m2 makes 4 kWh of solar energy in each of the intervals +0 to +3, m1 uses as much.
"""

from hashlib import sha256

import pytest

from chain.audit import conservation
from chain.board import OUTCOMES, Posting, key_of
from chain.exchange import EMPTY, locked_micro
from chain.state import GRID_ID
from chain.status import Status
from chain.trader import Flexibility, decide
from tests.chain.story import statuses_in
from tests.chain.world import START, World, window
from wire import acceptance, kind, money_release, offer

STREAM = b"elec-market-open"
MONEY = 252_667  # the paper's 0.25266763, rounded down to a millionth
ENERGY = 2_300


class Street(World):
    """The stories' own verbs. Offers have names: the first one somebody makes is `o1`."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: dict[str, bytes] = {}
        self.people({"m1": 0, "m2": 1, "m3": 0})
        for number in range(4):
            self.day(number, m1=4000, m2=4000, m3=3000)

    def offer(self, signer: str, name: str = "o", **changed) -> bytes:
        fields = {
            "nonce": self.next_nonce(signer),
            "stream": STREAM,
            "direction": 0,
            "energy_wh": ENERGY,
            "money_micro": MONEY,
            "first_interval": self.state.interval + 1,
            "last_interval": self.state.interval + 1,
            "baseline_intervals": 4,
            "expires_interval": self.state.interval + 1,
            **changed,
        }
        signed = self.sign(signer, kind.OFFER, offer.LAYOUT, fields.values())
        self.offers[name] = sha256(signed).digest()[:8]
        return signed

    def accept(self, signer: str, name: str, device: str, **changed) -> bytes:
        fields = {"nonce": self.next_nonce(signer), "offer_id": self.offers.get(name, bytes(8))}
        fields |= {"device_id": self.id(device), "energy_wh": ENERGY, "money_micro": MONEY, **changed}
        return self.sign(signer, kind.ACCEPTANCE, acceptance.LAYOUT, fields.values())

    def release(self, signer: str, name: str) -> bytes:
        fields = (self.next_nonce(signer), self.offers.get(name, bytes(8)))
        return self.sign(signer, kind.RELEASE, money_release.LAYOUT, fields)

    def read(self, number: int, halves=(0, 1), flags: int = 0, **load_wh: int) -> None:
        """Half of each meter's energy in each window of interval +number; m2 makes, the others use."""
        for half in halves:
            rows = {}
            for name, energy_wh in load_wh.items():
                field = "produced_wh" if name == "m2" else "consumed_wh"
                rows[name] = {field: energy_wh // 2, "flags": flags}
            self.must(self.light_block("area", window(START + number, half), rows))

    def day(self, number: int, **load_wh: int) -> None:
        self.read(number, **load_wh)
        self.must(self.advance(START + number + 1))
        self.must(self.settlement(START + number))

    def balance(self, name: str) -> int:
        key = GRID_ID if name == "grid" else self.id(name)
        return self.state.wallets.get(key, EMPTY).balance_micro

    def outcome(self, name: str) -> str:
        return OUTCOMES[self.state.offers.get(self.offers[name]).outcome]

    def sound(self) -> None:
        assert not any(conservation(self.state).values()), conservation(self.state)


def play(world: Street, story: str) -> None:
    seen = []
    for line in story.strip().splitlines():
        text = line.split("#")[0].strip()
        verb, *words, expected = text.split()
        named = {key: int(value) for key, value in (word.split("=") for word in words if "=" in word)}
        positional = [word for word in words if "=" not in word]
        for key in ("first_interval", "last_interval", "expires_interval"):
            if key in named:
                named[key] += world.state.interval
        seen.append((text, world.one(getattr(world, verb)(*positional, **named)).name, expected))
    assert [(text, status) for text, status, _ in seen] == [(text, expected) for text, _, expected in seen]


PUBLISH = """
    offer user-m2 o direction=2                                   DIRECTION_UNKNOWN
    offer user-m2 o first_interval=0                              DELIVERY_INVALID     # has begun
    offer user-m2 o first_interval=2                              DELIVERY_INVALID     # ends before it begins
    offer user-m2 o expires_interval=2                            DELIVERY_INVALID     # could be accepted too late
    offer user-m2 o expires_interval=0                            DELIVERY_INVALID
    offer user-m2 o last_interval=97                              DELIVERY_INVALID     # too far
    offer user-m2 o baseline_intervals=0                          BASELINE_INVALID
    offer user-m2 o baseline_intervals=49                         BASELINE_INVALID
    offer user-m2 o money_micro=9000000000                        BALANCE_TOO_LOW
    offer user-m1 o                                               BALANCE_TOO_LOW      # owes for what it used
    offer m2 o                                                    NOT_PERMITTED
    offer user-m2 o                                               APPLIED
"""

ACCEPT = """
    accept user-m1 o9 m1                                          OFFER_NOT_FOUND
    accept user-m1 o m1 money_micro=252668                        LEG_MISMATCH
    accept user-m1 o m1 energy_wh=1                               LEG_MISMATCH
    accept user-m1 o area                                         DEVICE_NOT_FOUND
    accept user-m1 o m3                                           DEVICE_NOT_OWNED
    accept m3 o m1                                                DEVICE_NOT_OWNED
    release user-m1 o                                             DELIVERY_NOT_OVER    # nobody has accepted
    accept m1 o m1                                                APPLIED              # the meter by itself
    accept user-m3 o m3                                           OFFER_CLOSED         # one of two
    offer operator p                                              APPLIED              # out of the grid's wallet
    accept user-m1 p m1                                           DEVICE_COMMITTED
    release user-m2 o                                             DELIVERY_NOT_OVER
    release user-m2 o9                                            OFFER_NOT_FOUND
"""


def test_an_offer_and_its_acceptance():
    world = Street()
    before = world.balance("user-m2")
    play(world, PUBLISH)
    posting = world.state.offers.get(world.offers["o"])
    assert key_of(posting) == "decreasing_load_2.3_kWh"
    assert (world.balance("user-m2"), locked_micro(world.state)) == (before - MONEY, MONEY)
    play(world, ACCEPT)
    assert world.state.offers.get(world.offers["o"]).baseline_wh == 4000
    world.sound()


def test_a_stream_has_a_plain_name():
    world = Street()
    assert world.one(world.offer("user-m2", stream=b"Open Market")) is Status.STREAM_INVALID
    assert world.one(world.offer("user-m2")) is Status.APPLIED


def test_two_offers_never_have_one_id():
    world = Street()
    signed = world.offer("user-m2")
    world.state.offers.put(world.offers["o"], Posting(*[0] * 13))
    assert world.one(signed) is Status.OFFER_ID_TAKEN


def test_a_device_that_was_never_measured_has_no_baseline():
    world = Street()
    world.must(world.registration("m9", "meter", "user-m3", "area"))
    world.must(world.offer("user-m2"))
    assert world.one(world.accept("m9", "o", "m9")) is Status.BASELINE_UNKNOWN


def test_what_is_measured_already_cannot_be_promised():
    world = Street()
    world.must(world.offer("user-m2"))
    world.read(5, m1=100)  # an area ahead of the ledger's time
    assert world.one(world.accept("m1", "o", "m1")) is Status.DELIVERY_BEGUN


def committed() -> Street:
    world = Street()
    world.must(world.offer("user-m2"))
    world.must(world.accept("m1", "o", "m1"))
    world.day(4, m1=4000, m2=4000, m3=3000)
    world.must(world.advance(START + 6))
    return world


def test_delivered_and_paid():
    world = committed()
    assert world.one(world.release("user-m1", "o")) is Status.DELIVERY_NOT_PROVEN  # no readings yet
    world.read(5, halves=(0,), m1=1700)
    assert world.one(world.release("user-m1", "o")) is Status.DELIVERY_NOT_PROVEN  # half of them
    world.read(5, halves=(1,), m1=1700)
    before = world.balance("user-m1")
    assert world.one(world.release("user-m1", "o")) is Status.APPLIED
    assert world.one(world.release("user-m1", "o")) is Status.OFFER_CLOSED  # once
    assert (world.outcome("o"), world.balance("user-m1") - before, locked_micro(world.state)) == ("paid", MONEY, 0)
    assert not len(world.state.commitments) and not len(world.state.deadlines)
    world.sound()


@pytest.mark.parametrize(
    ("why", "load_wh", "flags"), [("a Wh too little", 1702, 0), ("the chip was silent", 0, 8), ("no reading", None, 0)]
)
def test_not_delivered_and_returned(why, load_wh, flags):
    world = committed()
    before = world.balance("user-m2")
    if load_wh is not None:
        world.read(5, m1=load_wh, flags=flags)
    assert world.one(world.release("user-m1", "o")) is Status.DELIVERY_NOT_PROVEN, why
    world.must(world.advance(START + 5 + 48))
    assert world.outcome("o") == "accepted"
    world.must(world.advance(START + 5 + 49))
    assert (world.outcome("o"), world.balance("user-m2") - before) == ("returned", MONEY)
    world.sound()


def test_proof_that_nobody_asked_for_is_paid_at_the_deadline():
    world = committed()
    world.read(5, m1=0)
    world.must(world.advance(START + 60))
    assert world.outcome("o") == "paid"
    world.sound()


def test_what_nobody_takes_goes_back():
    world = Street()
    before = world.balance("user-m2")
    world.must(world.offer("user-m2"))
    world.must(world.advance(START + 5))
    assert (world.outcome("o"), world.balance("user-m2")) == ("returned", before)
    assert world.one(world.accept("m1", "o", "m1")) is Status.OFFER_CLOSED
    world.sound()


def test_more_load_can_be_asked_for():
    world = Street()
    world.must(world.offer("operator", direction=1))
    world.must(world.accept("m1", "o", "m1"))
    world.day(4, m1=4000, m2=4000, m3=3000)
    world.must(world.advance(START + 6))
    world.read(5, m1=6300)
    assert key_of(world.state.offers.get(world.offers["o"])) == "increasing_load_2.3_kWh"
    assert world.one(world.release("user-m3", "o")) is Status.APPLIED
    world.sound()


def test_machines_do_it_alone():
    """A plant reads the board, takes the best of what it can do, delivers, and asks for its money."""
    world = Street()
    m2 = Flexibility(world.id("m2"), 0, 3000, range(START + 5, START + 8), 80_000)
    assert decide(world.state.offers.items(), m2, world.state.interval) is None
    world.must(world.offer("operator", "poor", money_micro=100_000))
    world.must(world.offer("operator", "large", energy_wh=5000, money_micro=900_000))
    world.must(world.offer("operator", "other way", direction=1))
    assert decide(world.state.offers.items(), m2, world.state.interval) is None
    world.must(world.offer("operator", "good"))
    world.must(world.offer("operator", "better", money_micro=MONEY + 1))
    leg = decide(world.state.offers.items(), m2, world.state.interval)
    assert leg is not None and leg.offer_id == world.offers["better"]
    fields = (world.next_nonce("m2"), *leg)
    world.must(world.sign("m2", kind.ACCEPTANCE, acceptance.LAYOUT, fields))
    assert decide(world.state.offers.items(), m2, world.state.interval).offer_id == world.offers["good"]
    world.day(4, m1=4000, m2=4000)
    world.day(5, m1=4000, m2=6300)
    world.must(world.release("m2", "better"))
    assert [world.outcome(name) for name in ("better", "good", "poor")] == ["paid", "returned", "returned"]
    world.sound()


def test_double_spend_from_two_clients():
    """Two clients of one user spend the same money with the same nonce, in one block and in two: one succeeds."""
    world = Street()
    money = world.balance("user-m2")
    first = world.offer("user-m2", "a", money_micro=money)
    second = world.offer("user-m2", "b", money_micro=money - 1)
    result = world.apply(first, second)
    assert result.statuses == (Status.APPLIED, Status.NONCE_STALE)
    assert world.one(world.offer("user-m2", "c", money_micro=1)) is Status.BALANCE_TOO_LOW
    assert world.balance("user-m2") == 0
    world.sound()


def test_double_acceptance_and_double_release_in_one_block():
    world = Street()
    world.must(world.offer("operator"))
    result = world.apply(world.accept("m1", "o", "m1"), world.accept("m3", "o", "m3"))
    assert result.statuses == (Status.APPLIED, Status.OFFER_CLOSED)
    world.day(4, m1=4000)
    world.day(5, m1=0)
    result = world.apply(world.release("user-m1", "o"), world.release("user-m2", "o"))
    assert result.statuses == (Status.APPLIED, Status.OFFER_CLOSED)
    assert world.one(world.settlement(START + 5)) is Status.NOTHING_TO_SETTLE  # settled once
    world.sound()


EXCHANGE = PUBLISH + ACCEPT
BY_HAND = {
    Status.STREAM_INVALID,
    Status.OFFER_ID_TAKEN,
    Status.BASELINE_UNKNOWN,
    Status.DELIVERY_BEGUN,
    Status.OFFER_CLOSED,
    Status.DELIVERY_NOT_PROVEN,
}


def test_every_status_of_an_exchange_is_reached():
    assert {status for status in Status if 160 <= status < 180} <= statuses_in(EXCHANGE) | BY_HAND
