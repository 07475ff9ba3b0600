"""
Neighbours on one feeder: what contracts wish is settled with what the feeder's load leaves room for, so that many
right decisions do not add up to a new peak. Who needs most comes first, equal needs by device id.

One after the other:
  1 heaters inside their minimum time run, and what is needed now is served, up to the feeder's limit;
  2 batteries that discharge cover what is left of the load above the usual, and never export;
  3 heaters run for the price, as many as the load stays usual with;
  4 batteries charge for the price, each its share of the surplus; of the grid's energy only after a day without one.
"""

from typing import NamedTuple

from chain.contracts.wish import CAPACITY, MINIMUM_TIME, Wish
from chain.share import pro_rata


class Load(NamedTuple):
    """The feeder, in W, import positive."""

    base_w: int  # expected without any contract's equipment
    usual_w: int  # what price alone may fill the load up to
    limit_w: int
    had_surplus: bool  # within the last day


class Asked(NamedTuple):
    """One contract's wish. power_w: what a heater draws; 0 stands for a battery, whose wish is its power."""

    device_id: bytes
    power_w: int
    wish: Wish

    @property
    def is_heater(self) -> bool:
        return self.power_w > 0


def allot(load: Load, asked: list[Asked]) -> list[Wish]:
    """The wishes as they are granted, in the order they were asked."""
    granted = {one: one.wish for one in asked}
    by_need = sorted(asked, key=lambda one: (-one.wish.need, one.device_id))
    total_w = load.base_w
    due = [one for one in by_need if one.wish.value > 0 and one.wish.is_due]
    due.sort(key=lambda one: one.wish.reason != MINIMUM_TIME)  # what runs keeps running
    for one in due:
        total_w += _grant(granted, one, load.limit_w - total_w)
    total_w -= _discharge(granted, [one for one in asked if one.wish.value < 0], total_w, load)
    for one in by_need:
        if one.is_heater and one.wish.value > 0 and not one.wish.is_due:
            total_w += _grant(granted, one, min(load.usual_w, load.limit_w) - total_w)
    charging = [one for one in asked if not one.is_heater and one.wish.value > 0 and not one.wish.is_due]
    room_w = -total_w if load.had_surplus else min(load.usual_w, load.limit_w) - total_w
    _share(granted, charging, room_w)
    return [granted[one] for one in asked]


def _grant(granted: dict[Asked, Wish], one: Asked, room_w: int) -> int:
    """Grant a heater or nothing, a battery as much as there is room for; the W it takes."""
    if one.is_heater:
        if one.power_w <= room_w or one.wish.reason == MINIMUM_TIME:
            return one.power_w
        granted[one] = one.wish._replace(value=0, reason=CAPACITY)
        return 0
    power_w = max(0, min(one.wish.value, room_w))
    if power_w < one.wish.value:
        granted[one] = one.wish._replace(value=power_w, reason=CAPACITY)
    return power_w


def _share(granted: dict[Asked, Wish], sharing: list[Asked], room_w: int) -> int:
    """Share room_w among batteries in proportion to the power they wish; the W shared out."""
    wishes = {one.device_id: abs(one.wish.value) for one in sharing}
    total_w = max(0, min(room_w, sum(wishes.values())))
    shares = pro_rata(wishes, total_w)
    for one in sharing:
        share_w = shares[one.device_id]
        if share_w < wishes[one.device_id]:
            sign = 1 if one.wish.value > 0 else -1
            granted[one] = one.wish._replace(value=sign * share_w, reason=CAPACITY)
    return total_w


def _discharge(granted: dict[Asked, Wish], discharging: list[Asked], total_w: int, load: Load) -> int:
    return _share(granted, discharging, total_w)
