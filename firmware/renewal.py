"""
The Renewal keeps a device's firmware new: it puts an image on trial to the test, reports
how that ended, and hands announcements and pieces to an Update, which takes no memory
before the first one comes. It restarts the board only between two windows, with nothing
under way.
"""

import asyncio

import machine
from slots import REASONS, TRYING, Slots, is_begun

from wire import firmware

_CALM_FROM_S, _CALM_TO_S, _WINDOW_S = 60, 840, 900
_LOOK_S = 10


class Renewal:
    # report(name, value): a signed event for the operator; False when it can not be kept now.
    def __init__(self, device, release, rom, role, report):
        self._device = device
        self._release = release
        self._partition = rom[0]
        self._role = role
        self._report = report
        self._update = None
        self._awake = asyncio.Event()
        self._ready = asyncio.Event()

    def take(self, frame):
        """Take an announcement or a piece (untrusted bytes)."""
        if self._update or frame[:1] != firmware.PIECE:
            self._open().take(frame)
            self._awake.set()

    def _open(self):
        if not self._update:
            import ed25519
            from update import Update

            device = self._device
            config, count = device.config, device.counters.count
            self._update = Update(
                self._partition,
                config.network_id,
                self._release,
                self._role,
                config.board,
                ed25519.verify,
                device.clock,
                count,
                self._ready.set,
            )
        return self._update

    async def run(self, ask):
        """For ever. ask(frame): async, sends a request towards the aggregator."""
        await self._settle()
        await asyncio.gather(self._fetch(ask), self._restart_when_ready())

    # How the last start, or the last trial, ended.
    async def _settle(self):
        slots = Slots()
        if slots.state == TRYING:
            import trial

            lacks = await trial.run(self._device)
            if lacks != "none":
                slots.explain(lacks)
                machine.reset()
            slots.confirm()
        await self._clock_set()
        if slots.reason != "none":
            self._report("firmware_rolled_back", REASONS.index(slots.reason))
            slots.report_sent()
        self._report("firmware_running", slots.version)

    async def _clock_set(self):
        while not self._device.clock.is_set():
            await asyncio.sleep(_LOOK_S)

    async def _fetch(self, ask):
        if not is_begun():
            await self._awake.wait()
        await self._open().fetch_forever(ask)

    async def _restart_when_ready(self):
        await self._ready.wait()
        while not _CALM_FROM_S <= self._device.clock.utc_s() % _WINDOW_S < _CALM_TO_S:
            await asyncio.sleep(_LOOK_S)
        machine.reset()
