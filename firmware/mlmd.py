"""
The M-LMD's role: a smart breaker at a low-voltage junction. It collects its meters'
readings over the radio, measures its micro area itself, and carries everything between
them and the aggregator.
"""

import asyncio

from device import Device
from junction import Junction
from radio import FRAME_MAX, Radio
from uplink import Uplink

from wire import cose, kind, load, reading, signed_time
from wire.errors import WireError

_FIRMWARE_REQUEST = b"\x02"  # wire/firmware.py


async def run(config, board):
    """Be the M-LMD of `config` on `board` (a module of boards/); returns never."""
    await Mlmd(Device(config, board, Junction)).run()


class Mlmd:
    def __init__(self, device):
        config = device.config
        self._device = device
        self._mac_of = {meter.id: meter.mac for meter in config.meters}
        self._id_of = {meter.mac: meter.id for meter in config.meters}
        self._radio = Radio(None if config.wifi else config.channel)
        self._uplink = Uplink(device, [meter.id for meter in config.meters], self._forward)

    async def run(self):
        await asyncio.gather(self._uplink.run(self._report_load), self._receive_forever())

    # -- to the meters ----------------------------------------------------------------------

    def _forward(self, device_id, frame):
        if device_id in self._mac_of and len(frame) <= FRAME_MAX:
            asyncio.create_task(self._radio.send(self._mac_of[device_id], frame))

    def _answer_time(self, device_id, challenge):
        device = self._device
        if device.clock.is_set():
            fields = (device.clock.utc_s(), challenge)
            self._forward(device_id, device.identity.seal(signed_time.KIND, signed_time.LAYOUT, fields))

    # -- from the meters --------------------------------------------------------------------

    async def _receive_forever(self):
        while True:
            mac, frame = await self._radio.receive()
            if mac in self._id_of:
                self._take(self._id_of[mac], frame)

    def _take(self, sender_id, frame):
        if frame[:1] == _FIRMWARE_REQUEST:
            self._uplink.publish_later("firmware_request", frame, sender_id)
            return
        if frame[:1] == signed_time.REQUEST:
            if len(frame) == 1 + signed_time.CHALLENGE_SIZE:
                self._answer_time(sender_id, frame[1:])
            return
        try:
            envelope = cose.open_envelope(frame, FRAME_MAX)
        except WireError:
            return  # noise
        if envelope.signer_id != sender_id:
            return
        if envelope.kind == kind.READING:
            self._uplink.add(sender_id, frame)
        elif envelope.kind == kind.RECEIPT:
            self._uplink.answer(sender_id, frame)
        elif envelope.kind == kind.EVENT:
            self._uplink.publish_later("event", frame, sender_id)

    # -- telemetry --------------------------------------------------------------------------

    def _report_load(self):
        device = self._device
        seen = device.equipment.snapshot()
        if not device.clock.is_set() or seen.flags & reading.CHIP_SILENT:
            return
        fields = (
            device.boot,
            device.next_sequence(load.KIND),
            device.clock.utc_s(),
            seen.power_w,
            seen.voltage_mv,
            seen.frequency_mhz,
            device.config.power_w_max,
        )
        self._uplink.publish_later("load", device.identity.seal(load.KIND, load.LAYOUT, fields))
