"""
The M-LMD's role: a smart breaker at a low-voltage junction. It collects its meters'
readings over the radio, measures its micro area itself, and carries everything between
them and the aggregator.
"""

import asyncio

import events
from area_watch import AreaWatch
from device import Device, kept_file
from junction import Junction
from radio import FRAME_MAX, Radio
from sharing import Sharing, is_headroom
from uplink import Uplink

from wire import cose, kind, load, reading, signed_time
from wire.errors import WireError

_FIRMWARE_REQUEST = b"\x02"  # wire/firmware.py

_HEARD_S = 60  # heard of so lately, the aggregator is not gone by the next look


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
        self._watch = AreaWatch(config, device.equipment.faults, device.equipment.breaker)
        self._neighbours = [peer.mac for peer in config.peers]
        self._sharing = Sharing(device, self._watch, self._radio.send, self._forward)
        device.keys += [self._watch.keys, self._sharing.keys]
        device.notice = kept_file("key_notice")
        self._stage = 0
        self._was_gone = False
        device.equipment.told = self._tell
        self._uplink.on_reading = self._hear_reading

    async def run(self):
        await asyncio.gather(
            self._uplink.run(self._looked),
            self._receive_forever(),
            self._device.equipment.watch_forever(),
            self._sharing.run(),
        )

    # -- what is wrong ----------------------------------------------------------------------

    def _hear_reading(self, sender_id, signed):
        self._watch.hear(sender_id, signed, self._device.clock.utc_s())
        self._tell()

    # The question for the time is the heartbeat: its answer is signed by the aggregator.
    def _looked(self):
        device = self._device
        now_s = device.clock.utc_s()
        if now_s is not None:
            self._watch.tick(now_s)
            self._tell()
        if device.silent_s() >= _HEARD_S:
            device.time.doubt()
        self._report_load()

    def _tell(self):
        events.tell(self._device, self._device.equipment.faults)
        stage = self._device.equipment.breaker.protection.shedding.stage
        if stage != self._stage:
            self._stage = stage
            self._sharing.hurry.set()
        gone = self._sharing.is_gone()
        if self._was_gone and not gone:
            self._device.telling.wake()
            self._sharing.hurry.set()
        self._was_gone = gone

    # -- to the meters ----------------------------------------------------------------------

    def _forward(self, device_id, frame):
        if device_id in self._mac_of and len(frame) <= FRAME_MAX:
            asyncio.create_task(self._radio.send(self._mac_of[device_id], frame))

    def _answer_time(self, device_id, challenge):
        device = self._device
        if device.notice:
            self._forward(device_id, device.notice)  # it may have missed that our key changed
        if device.clock.is_set():
            fields = (device.clock.utc_s(), challenge)
            self._forward(device_id, device.identity.seal(signed_time.KIND, signed_time.LAYOUT, fields))

    # -- from the meters --------------------------------------------------------------------

    async def _receive_forever(self):
        while True:
            mac, frame = await self._radio.receive()
            if mac in self._id_of:
                self._take(self._id_of[mac], frame)
            elif mac in self._neighbours and is_headroom(frame):
                self._sharing.hear(frame)

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
            self._uplink.publish_later("receipt", frame, sender_id)
        elif envelope.kind == kind.EVENT:
            self._uplink.publish_later("event", frame, sender_id)
        elif envelope.kind == kind.ROTATION:
            self._uplink.publish_later("rotation", frame, sender_id)

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
