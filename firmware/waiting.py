"""Waiting for one of two things: an event, or the end of a time."""

import asyncio


async def until(event, timeout_ms):
    """Wait for `event` (asyncio.Event) at most `timeout_ms`. Returns whether it came before; it is cleared."""
    end = asyncio.create_task(_end(event, timeout_ms))  # asyncio.wait_for_ms makes two tasks, and a third coroutine
    try:
        await event.wait()
    finally:
        came = not end.done()
        end.cancel()
    event.clear()
    return came


async def _end(event, timeout_ms):
    await asyncio.sleep_ms(timeout_ms)
    event.set()
