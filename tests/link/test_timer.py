"""Waiting for a second of UTC, on a clock that is moved by hand."""

import asyncio

import pytest

from link.timer import next_after, sleep_until


@pytest.mark.parametrize(
    ("now_s", "period_s", "offset_s", "then_s"),
    [
        (0.0, 900, 30, 30),
        (29.9, 900, 30, 30),
        (30.0, 900, 30, 930),
        (30.5, 900, 30, 930),
        (929.0, 900, 30, 930),
        (1800.0, 1800, 0, 3600),
        (1799.0, 1800, 60, 1860),
    ],
)
def test_next_after(now_s, period_s, offset_s, then_s):
    assert next_after(now_s, period_s, offset_s) == then_s


def test_it_waits_until_the_clock_says_so_however_often_that_takes():
    times = iter([10.0, 10.0, 19.9999, 20.0])
    asked = []

    def clock() -> float:
        asked.append(next(times))
        return asked[-1]

    async def story():
        loop = asyncio.get_running_loop()
        slept = []
        original = loop.call_later
        loop.call_later = lambda delay, *rest: slept.append(delay) or original(0, *rest)
        await sleep_until(20, clock)
        assert slept == pytest.approx([10.0, 10.0, 0.0001])

    asyncio.run(story())
    assert asked[-1] == 20.0
