"""
Neighbours on one feeder: what contracts wish is settled with what the feeder's load leaves room for, so that many
right decisions do not add up to a new peak. The more urgent comes first, then who runs already, then who needs more,
then the smaller device id.

How far a wish may fill the feeder (`Load.ceiling_w`):
  NOW    to its limit: comfort limits, minimum times, a state of charge below its limit;
  SOON   to two thirds of it: a deadline that would be missed otherwise;
  EASY   to the easy load, a third of it or the day's mean: a tank getting cold, a deadline that is near;
  SPARE  not at all, only the neighbours' surplus: what runs for the price. After a whole day without any surplus it
         is as EASY.

Batteries that discharge take off what the urgent ones leave above the easy load, then as much more as they can hold
through an evening; never the last eighth, so that they do not export when the load falls.
"""

from typing import NamedTuple

from chain.contracts.wish import CAPACITY, EASY, MINIMUM_TIME, NOW, SOON, SPARE, Wish
from chain.share import pro_rata


class Load(NamedTuple):
    """The feeder, in W, import positive."""

    base_w: int  # expected without any contract's equipment
    easy_w: int  # a load that nobody minds
    limit_w: int
    is_sunless: bool  # a whole day is known, and none of it had a surplus

    def ceiling_w(self, urgency: int) -> int:
        """How far a wish of this urgency may fill the feeder."""
        easy_w = min(self.easy_w, self.limit_w)
        return {
            NOW: self.limit_w,
            SOON: max(easy_w, self.limit_w * 2 // 3),
            EASY: easy_w,
            SPARE: easy_w if self.is_sunless else 0,
        }[urgency]


class Asked(NamedTuple):
    """One contract's wish. power_w: what a heater draws; 0 stands for a battery, whose wish is its power."""

    device_id: bytes
    power_w: int
    wish: Wish
    is_on: bool

    @property
    def is_heater(self) -> bool:
        return self.power_w > 0

    @property
    def is_sharing(self) -> bool:
        """Batteries that charge for the price share; everybody else is granted one by one."""
        return not self.is_heater and self.wish.urgency == SPARE


Granted = dict[Asked, Wish]


def allot(load: Load, asked: list[Asked]) -> list[Wish]:
    """The wishes as they are granted, in the order they were asked."""
    granted: Granted = {one: one.wish for one in asked}
    drawing = sorted(
        (one for one in asked if one.wish.value > 0 and not one.is_sharing),
        key=lambda one: (-one.wish.urgency, not one.is_on, -one.wish.need, one.device_id),
    )
    total_w = load.base_w
    for one in drawing:
        if one.wish.urgency >= SOON:
            total_w += _grant(granted, one, load.ceiling_w(one.wish.urgency) - total_w)
    total_w -= _discharge(granted, [one for one in asked if one.wish.value < 0], total_w, load.easy_w)
    for one in drawing:
        if one.wish.urgency < SOON:
            total_w += _grant(granted, one, load.ceiling_w(one.wish.urgency) - total_w)
    charging = [one for one in asked if one.wish.value > 0 and one.is_sharing]
    shares = _share({one.device_id: one.wish.value for one in charging}, load.ceiling_w(SPARE) - total_w)
    for one in charging:
        _reduce(granted, one, shares[one.device_id])
    return [granted[one] for one in asked]


def _grant(granted: Granted, one: Asked, room_w: int) -> int:
    """Grant a heater or nothing, a battery as much as there is room for; the W it takes."""
    if not one.is_heater:
        power_w = max(0, min(one.wish.value, room_w))
        _reduce(granted, one, power_w)
        return power_w
    if one.power_w <= room_w or one.wish.reason == MINIMUM_TIME:
        return one.power_w
    _reduce(granted, one, 0)
    return 0


def _reduce(granted: Granted, one: Asked, value: int) -> None:
    if value != one.wish.value:
        granted[one] = one.wish._replace(value=value, reason=CAPACITY)


def _discharge(granted: Granted, discharging: list[Asked], total_w: int, easy_w: int) -> int:
    """The W by which batteries lower the load."""
    most_w = {one.device_id: -one.wish.value for one in discharging}
    above_w = _share(most_w, min(total_w - easy_w, total_w * 7 // 8))
    taken_w = sum(above_w.values())
    lasting_w = {
        one.device_id: max(0, min(one.wish.lasting_w, -one.wish.value) - above_w[one.device_id]) for one in discharging
    }
    below_w = _share(lasting_w, total_w * 7 // 8 - taken_w)
    for one in discharging:
        _reduce(granted, one, -above_w[one.device_id] - below_w[one.device_id])
    return taken_w + sum(below_w.values())


def _share(asked_w: dict[bytes, int], room_w: int) -> dict[bytes, int]:
    return pro_rata(asked_w, max(0, min(room_w, sum(asked_w.values()))))
