"""A Situation is what a contract decides on; a Wish is what it would do were it alone on the feeder."""

from typing import NamedTuple

from chain.state import Control, Measured
from wire.block import REASONS

PRICE, COMFORT, MINIMUM_TIME, SOC_LIMIT, DEADLINE, TARGET_UNREACHABLE, CAPACITY, NO_MEASUREMENT = range(len(REASONS))

# How urgent a wish is: how far it may fill the feeder (chain/contracts/feeder.py).
SPARE, EASY, SOON, NOW = 0, 1, 2, 3


class Situation(NamedTuple):
    """All a contract goes by in one interval. No clock, no neighbour."""

    interval: int
    slot: int  # of the UTC day, 0..47
    price_permille: int  # of the mean: below 1000 it is cheap
    measured: Measured | None  # None when the last reading is too old
    control: Control | None  # None before the first decision


class Wish(NamedTuple):
    """value: as in the Decision. need: who wishes most comes first."""

    value: int
    reason: int
    need: int = 0
    urgency: int = SPARE
    lasting_w: int = 0  # a discharging battery: the power it can hold through an evening
