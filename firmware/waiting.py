"""Waiting for one of two things: an event, or the end of a time."""

import asyncio


async def until(event, timeout_ms):
    """Wait for `event` (asyncio.Event) at most `timeout_ms`. Returns whether it came; it is cleared."""
    try:
        await asyncio.wait_for_ms(event.wait(), timeout_ms)
    except asyncio.TimeoutError:
        return False
    event.clear()
    return True
