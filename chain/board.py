"""
The Board is where offers stand for everybody to read: stream by stream, each with a key that says in plain words what
is asked for, like `decreasing_load_2.3_kWh`. The key is made from the offer, so it never says anything else.
"""

from typing import NamedTuple

from wire.offer import DIRECTIONS

OPEN, ACCEPTED, PAID, RETURNED = range(4)
OUTCOMES = ("open", "accepted", "paid", "returned")

# After delivery: how long late readings may still prove it, before the money goes back.
PROOF_INTERVALS = 48


class Posting(NamedTuple):
    """An offer and what became of it; by offer id. Its money is out of the payer's wallet while it runs."""

    payer_id: bytes  # whose wallet: a user's, or GRID_ID for the operator and the cloud
    stream: bytes
    direction: int
    energy_wh: int
    money_micro: int
    first_interval: int
    last_interval: int
    baseline_intervals: int
    published_interval: int
    expires_interval: int
    outcome: int
    device_id: bytes  # that accepted; zeros before
    baseline_wh: int  # of that device over the intervals of delivery, net import, as agreed at its acceptance


class Commitment(NamedTuple):
    """What an accepted offer waits for in one interval; by (device id, interval)."""

    offer_id: bytes
    windows: int  # a bit for each window of the interval whose reading is on the ledger


ALL_WINDOWS = 0b11


def key_of(posting: Posting) -> str:
    """Like `decreasing_load_2.3_kWh`."""
    kwh, rest = divmod(posting.energy_wh, 1000)
    digits = f"{kwh}.{rest:03d}".rstrip("0").rstrip(".")
    return f"{DIRECTIONS[posting.direction]}_{digits}_kWh"


def deadline(posting: Posting) -> int:
    """The first interval in which the exchange is over, whatever happened."""
    if posting.outcome == OPEN:
        return posting.expires_interval
    return posting.last_interval + 1 + PROOF_INTERVALS


def interval_of_posting(_: bytes, posting: Posting) -> int:
    """The interval after which nothing of it can change any more: chain/archive.py."""
    return posting.last_interval + 1 + PROOF_INTERVALS
