"""A Situation is what a contract decides on; a Wish is what it would do were it alone on the feeder."""

from typing import NamedTuple

from chain.state import Control, Measured
from wire.block import REASONS

PRICE, COMFORT, MINIMUM_TIME, SOC_LIMIT, DEADLINE, TARGET_UNREACHABLE, CAPACITY, NO_MEASUREMENT = range(len(REASONS))


class Situation(NamedTuple):
    """All a contract goes by in one interval. No clock, no neighbour."""

    interval: int
    slot: int  # of the UTC day, 0..47
    price_permille: int  # of the mean: below 1000 it is cheap
    measured: Measured | None  # None when the last reading is too old
    control: Control | None  # None before the first decision


class Wish(NamedTuple):
    """value: as in the Decision. need: who wishes most comes first. is_due: not for the price's sake but needed now."""

    value: int
    reason: int
    need: int = 0
    is_due: bool = False
