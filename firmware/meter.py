"""
The meter's role: what it signs goes over the radio to its M-LMD, and acknowledgements,
commands and the time come back from it. A lone meter, without an M-LMD, talks to the
broker itself.
"""

import asyncio

from device import Device
from household import Household
from local_orders import LocalOrders
from radio import Radio

from wire import cose, kind, signed_time
from wire.errors import WireError

_PIECE = b"\x03"  # of firmware: wire/firmware.py


async def run(config, board):
    """Be the meter of `config` on `board` (a module of boards/); returns never."""
    device = Device(config, board, Household)
    if config.mlmd:
        await Meter(device).run()
    else:
        import uplink

        await asyncio.gather(uplink.Uplink(device).run(), device.equipment.run())


class Meter:
    def __init__(self, device):
        self._device = device
        self._mlmd = device.config.mlmd
        self._radio = Radio(device.config.channel)
        self._renewal = device.open_renewal()
        self._orders = LocalOrders(device.identity, self._mlmd.id)

    async def run(self):
        device = self._device
        await asyncio.gather(
            device.look_forever(self._announce),
            device.delivery.run(self._offer),
            device.telling.run(self._offer),
            device.time.keep(self._ask_time),
            device.guard_forever(),
            self._receive_forever(),
            device.equipment.run(),
            *([self._renewal.run(self._say)] if self._renewal else []),
        )

    # -- to the M-LMD -----------------------------------------------------------------------

    async def _offer(self, readings):
        for signed in readings:
            if not await self._radio.send(self._mlmd.mac, signed):
                return  # out of reach; they are offered again

    # leaf: the topic the M-LMD publishes it at, which knows that by itself.
    async def _say(self, leaf, frame):
        await self._radio.send(self._mlmd.mac, frame)

    async def _ask_time(self, challenge):
        await self._radio.send(self._mlmd.mac, signed_time.REQUEST + challenge)

    def _announce(self):
        if self._device.announcement:
            asyncio.create_task(self._say("rotation", self._device.announcement))

    # An order of the M-LMD is not answered: it sees at the junction what came of it.
    async def _shed(self, frame):
        device = self._device
        order = self._orders.take(frame, device.clock.utc_s())
        device.counters.count("orders_taken" if order else "orders_refused")
        if order:
            await device.equipment.shed(order.action, order.expires_s)

    # -- from the M-LMD ---------------------------------------------------------------------

    async def _receive_forever(self):
        while True:
            mac, frame = await self._radio.receive()
            if mac == self._mlmd.mac:
                await self._take(frame)

    async def _take(self, frame):
        if frame[:1] == _PIECE:
            self._take_firmware(frame)
            return
        try:
            envelope = cose.open_envelope(frame, cose.SIZE_MAX)
            what = envelope.kind
        except WireError:
            return  # noise, or somebody else's
        if what == kind.ACKNOWLEDGEMENT:
            self._device.acknowledge(frame)
        elif what == kind.TIME:
            self._device.time.answer(self._mlmd.id, frame)
        elif what == kind.COMMAND and envelope.signer_id == self._mlmd.id:
            await self._shed(frame)
        elif what == kind.COMMAND:
            await self._device.command(frame)
        elif what == kind.FIRMWARE:
            self._take_firmware(frame)
        elif what == kind.KEY_NOTICE:
            self._device.take_notice(frame)

    def _take_firmware(self, frame):
        if self._renewal:
            self._renewal.take(frame)
