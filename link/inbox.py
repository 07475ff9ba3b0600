"""
An Inbox holds messages between the broker and the task that works on them. It is bounded,
and no sender may fill it alone: one that floods loses its own messages, not the others'.
Whatever is dropped here was not acknowledged, so its sender still has it.
"""

import asyncio
from collections import Counter, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """items_max: altogether; sender_max: of one sender."""

    def __init__(self, items_max: int, sender_max: int) -> None:
        self._items: deque[tuple[str, T]] = deque()
        self._of_sender: Counter[str] = Counter()
        self._items_max = items_max
        self._sender_max = sender_max
        self._filled = asyncio.Event()

    def put(self, sender: str, item: T) -> bool:
        """False when there is no room for it."""
        if len(self._items) >= self._items_max or self._of_sender[sender] >= self._sender_max:
            return False
        self._items.append((sender, item))
        self._of_sender[sender] += 1
        self._filled.set()
        return True

    async def take(self, most: int) -> list[T]:
        """At least one message, in the order of arrival; waits for it."""
        await self._filled.wait()
        taken: list[T] = []
        while self._items and len(taken) < most:
            sender, item = self._items.popleft()
            self._of_sender[sender] -= 1
            if not self._of_sender[sender]:
                del self._of_sender[sender]
            taken.append(item)
        if not self._items:
            self._filled.clear()
        return taken

    def __len__(self) -> int:
        return len(self._items)
