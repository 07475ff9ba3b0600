"""Waiting for a second of UTC: services read time only from the clock they are given, and wait only on their loop."""

import asyncio
from collections.abc import Callable

Clock = Callable[[], float]  # UTC seconds


async def sleep_until(utc_s: float, clock: Clock) -> None:
    """Returns once `clock` has reached `utc_s`; at once when it already has."""
    while (left := utc_s - clock()) > 0:
        await asyncio.sleep(left)


def next_after(now_s: float, period_s: int, offset_s: int = 0) -> int:
    """The first second after `now_s` that lies `offset_s` behind a multiple of `period_s`."""
    return (int(now_s) - offset_s) // period_s * period_s + period_s + offset_s
