"""
The clock of control: commands are said again while no receipt comes, the edge looks half a second after the loads, and
the area's load is reported. What is decided is Control's.
"""

import asyncio
from collections.abc import Callable, Iterable
from math import floor

from link.journal import Journal
from link.timer import Clock, next_after, sleep_until

from .control import Control
from .site import Outgoing

REPORT_OFFSET_S = 3  # behind the reports of devices, which come at whole periods


class Steering:
    """measured: a load came in. issued: a command went out, so one may have to be said again."""

    def __init__(
        self, control: Control, send: Callable[[Iterable[Outgoing]], None], clock: Clock, journal: Journal
    ) -> None:
        self._control = control
        self._send = send
        self._clock = clock
        self._journal = journal
        self.measured, self.issued = asyncio.Event(), asyncio.Event()

    async def resend_commands(self) -> None:
        since_s = int(self._clock())
        while True:
            next_s = self._control.next_resend_s(since_s)
            if next_s is None:
                self.issued.clear()
                await self.issued.wait()
                continue
            await sleep_until(next_s, self._clock)
            now_s = int(self._clock())
            self._send(self._control.resend(since_s, now_s))
            since_s = now_s

    async def control_edge(self) -> None:
        while True:
            await self.measured.wait()
            await sleep_until(floor(self._clock()) + 1.5, self._clock)
            self.measured.clear()
            switches = self._control.control_edge(int(self._clock()))
            self._send(switches)
            if switches:
                self.issued.set()
                self._journal.info("edge_control", commands=len(switches))
            self._send([self._control.area_load(int(self._clock()))])

    async def report_load(self) -> None:
        while True:
            await sleep_until(next_after(self._clock(), self._control.strategy.report_s, REPORT_OFFSET_S), self._clock)
            self._send([self._control.area_load(int(self._clock()))])
