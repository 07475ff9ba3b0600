"""
A Trader is a household or a plant that reads the board and decides by itself: what it could change, against what is
asked, for what is offered. Pure: the board comes in, at most one acceptance comes out.
"""

from collections.abc import Iterable
from typing import NamedTuple

from chain.board import OPEN, Posting


class Flexibility(NamedTuple):
    """What a device can do, by its own plan and its owner's price. direction: index into wire.offer.DIRECTIONS."""

    device_id: bytes
    direction: int
    energy_wh_max: int  # it can change its net import by, over `intervals`
    intervals: range  # in which it can
    price_micro_per_kwh_min: int  # what the trouble is worth to its owner


class Leg(NamedTuple):
    """The fields of an Acceptance after its nonce."""

    offer_id: bytes
    device_id: bytes
    energy_wh: int
    money_micro: int


def decide(board: Iterable[tuple[bytes, Posting]], mine: Flexibility, now: int) -> Leg | None:
    """The offer that pays most for a kWh among those that can be delivered; ties to the smaller id. None for none."""
    able = [(offer_id, posting) for offer_id, posting in board if can_deliver(posting, mine, now)]
    if not able:
        return None
    offer_id, best = min(able, key=lambda one: (-one[1].money_micro * 10**6 // one[1].energy_wh, one[0]))
    return Leg(offer_id, mine.device_id, best.energy_wh, best.money_micro)


def can_deliver(posting: Posting, mine: Flexibility, now: int) -> bool:
    return (
        posting.outcome == OPEN
        and now < posting.expires_interval
        and posting.direction == mine.direction
        and posting.energy_wh <= mine.energy_wh_max
        and posting.first_interval in mine.intervals
        and posting.last_interval in mine.intervals
        and posting.money_micro * 1000 >= mine.price_micro_per_kwh_min * posting.energy_wh
    )
