"""
The Renewal keeps a device's firmware new: it puts an image on trial to the test, reports
how that ended, and hands announcements and pieces to an Update, which takes no memory
before the first one comes. It restarts the board only between two windows' ends.
"""

import asyncio
import json
import sys
from binascii import unhexlify
from hashlib import sha256

import machine
from rom import open_rom
from slots import REASONS, TRYING, Slots, is_begun

_ROLES = {"meter": 2, "mlmd": 3}  # wire/registration.py
_CALM_FROM_S, _CALM_TO_S, _WINDOW_S = 60, 840, 900
_LOOK_S = 10
_PIECE = b"\x03"  # wire/firmware.py


def _read(path):
    with open(path) as file:
        return json.load(file)


def _keys(path):
    table = _read(path)
    keys = [unhexlify(key) for key in table["keys"]]
    assert 1 <= table["threshold"] <= len(keys), path
    return table["threshold"], {sha256(key).digest()[:8]: key for key in keys}


class Renewal:
    # release: the path of {"threshold": how many of the keys must sign, "keys": [hex],
    # "installed": {"version", "size", "sha256"}: what the factory put into slot 0}.
    def __init__(self, device, release):
        self._device = device
        self._release = release
        self._slots = Slots()
        if not self._slots.is_known:
            installed = _read(release)["installed"]
            self._slots.install(installed["version"], installed["size"], unhexlify(installed["sha256"]))
        self._update = None
        self._awake = asyncio.Event()
        self._ready = asyncio.Event()

    def take(self, frame):
        """Take an announcement or a piece (untrusted bytes)."""
        if self._update or frame[:1] != _PIECE:
            self._open().take(frame)
            self._awake.set()

    def _open(self):
        if not self._update:
            import ed25519
            from update import Update

            rom = open_rom()
            assert rom, "this board has no romfs partition"
            device = self._device
            config = device.config
            self._update = Update(
                rom[0],
                self._slots,
                config.network_id,
                _keys(self._release),
                _ROLES[config.role],
                config.board,
                ed25519.verify,
                device.clock,
                device.counters.count,
                self._ready.set,
            )
        return self._update

    async def run(self, say):
        """For ever. say(leaf, frame): async, sends a request towards the aggregator."""
        if self._slots.state == TRYING:
            await self._try()
        await asyncio.gather(self._report(), self._fetch(say), self._restart_when_ready())

    async def _try(self):
        import trial

        lacks = await trial.run(self._device)
        del sys.modules["trial"]
        if lacks != "none":
            self._slots.explain(lacks)
            machine.reset()
        self._slots.confirm()

    # -- what is told -------------------------------------------------------------------------

    # What is told is on the flash, and said again until the aggregator has it. wire.event is imported here: a meter
    # tells nothing else by events.
    async def _report(self):
        while not self._device.clock.is_set():
            await asyncio.sleep(_LOOK_S)
        from wire import event

        slots, now_s = self._slots, self._device.clock.utc_s()
        told = [("firmware_running", slots.version)]
        if slots.reason != "none":
            told.insert(0, ("firmware_rolled_back", REASONS.index(slots.reason)))
        for code, value in told:
            fields = (now_s, now_s, event.CODES.index(code), b"", value)
            self._device.tell(event.KIND, event.LAYOUT, event.ACKNOWLEDGED, fields)
        slots.report_sent()

    # -- what is fetched ----------------------------------------------------------------------

    async def _fetch(self, say):
        if not is_begun():
            await self._awake.wait()
        await self._open().fetch_forever(lambda frame: say("firmware_request", frame))

    async def _restart_when_ready(self):
        await self._ready.wait()
        while not _CALM_FROM_S <= self._device.clock.utc_s() % _WINDOW_S < _CALM_TO_S:
            await asyncio.sleep(_LOOK_S)
        machine.reset()
