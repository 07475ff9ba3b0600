"""
Keeping the light node level with the ledger: blocks are taken as they come, and while some are missing the full node is
asked for them, less often as long as it does not answer.
"""

import asyncio
from collections.abc import Callable, Iterable

from link.inbox import Inbox

from .follow import Gap, Next
from .light_node import LightNode
from .site import Outgoing

BLOCKS_MAX = 256
FETCH_AGAIN_S = (2, 5, 10, 15)


class Following:
    """take: what is to be done with the next block; it is on disk when `take` returns."""

    def __init__(
        self, node: LightNode, send: Callable[[Iterable[Outgoing]], None], take: Callable[[Next], None]
    ) -> None:
        self._node = node
        self._send = send
        self._take = take
        self._blocks: Inbox[bytes] = Inbox(BLOCKS_MAX, BLOCKS_MAX)
        self._unanswered = 0
        self._level, self._not_level = asyncio.Event(), asyncio.Event()

    def put(self, data: bytes) -> bool:
        """A block (untrusted bytes); False when there is no room for it."""
        return self._blocks.put("full node", data)

    async def level(self) -> None:
        """Returns when the ledger has been followed to its end."""
        await self._level.wait()

    def lose_level(self) -> None:
        """There may be blocks that we did not hear of."""
        self._node.is_level = False
        self._level.clear()
        self._not_level.set()

    async def follow(self) -> None:
        while True:
            for data in await self._blocks.take(BLOCKS_MAX):
                self._follow(data)

    def _follow(self, data: bytes) -> None:
        step = self._node.read(data)
        if step is not None:
            self._unanswered = 0
        if isinstance(step, Next):
            self._take(step)
        elif isinstance(step, Gap):
            self.lose_level()
        if self._node.is_level:
            self._not_level.clear()
            self._level.set()

    async def fetch(self) -> None:
        """Asks for blocks until the full node has no later one."""
        while True:
            await self._not_level.wait()
            self._send([self._node.fetch()])
            await self._wait_level(FETCH_AGAIN_S[min(self._unanswered, len(FETCH_AGAIN_S) - 1)])
            self._unanswered += 1

    async def _wait_level(self, wait_s: int) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._level.wait()
        except TimeoutError:
            return
