"""
The Uplink is an M-LMD's, or a lone meter's, cable to the aggregator: bundles, receipts and
questions for the time go up over MQTT; acknowledgements, commands and the time come down.

It vouches for nothing it carries and keeps nothing that somebody else keeps better:
readings and receipts stay with their devices until the aggregator itself acknowledges them.
"""

import asyncio

import delivery
import wifi
from mqtt import Mqtt
from parcel import Parcel
from waiting import until

from wire import bundle, cose, kind, topics
from wire.errors import WireError

_GATHER_MS = 5000  # how long a bundle waits for the last meters
_INBOX_MAX = 16
_NOTICE = b"\xfe\x01"  # the kind KEY_NOTICE, where the envelope has it


class Uplink:
    # others: ids of the meters behind this device. forward(device_id, frame): sends a frame on to one of them.
    def __init__(self, device, others=(), forward=lambda device_id, frame: None):
        config = device.config
        self._device = device
        self._config = config
        self._others = others
        self._forward = forward
        self._parcel = Parcel([device.identity.device_id] + list(others))
        self._first = asyncio.Event()  # the parcel is no longer empty
        self._full = asyncio.Event()  # the parcel is complete, or the link came up
        self._renewal = device.open_renewal()
        self.on_reading = lambda sender_id, signed: None  # called with each reading that goes by
        self._inbox = []  # (topic, payload) not taken yet
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        status = self._topic("status")
        client_id = "gridtide-" + status.split("/")[-2]
        host, port, tls = config.mqtt
        if tls:
            from secure import context

            tls = context()
        self._mqtt = Mqtt(host, port, client_id, 2 * config.sample_s, (status, b"offline"), tls)

    def _topic(self, leaf, device_id=None):
        return topics.of_device(self._config.area_id, device_id or self._config.device_id, leaf)

    async def run(self, looked=None):
        """Run the device and its uplink for ever. looked(): called after each look at the equipment."""
        if self._config.wifi:
            await wifi.connect(*self._config.wifi)
        device = self._device
        await asyncio.gather(
            device.look_forever(lambda: self._looked(looked)),
            device.delivery.run(self._offer),
            device.telling.run(self._tell),
            device.time.keep(self._ask_time),
            device.guard_forever(),
            self._mqtt.run(self._down, self._on_up, self._on_message),
            self._send_bundles(),
            self._take_inbox(),
            *([self._renewal.run(self._say)] if self._renewal else []),
        )

    # -- up ---------------------------------------------------------------------------------

    def _looked(self, looked):
        if looked:
            looked()
        if self._device.announcement:
            self.publish_later("rotation", self._device.announcement)
        asyncio.create_task(self._mqtt.keep_alive())

    async def _offer(self, readings):
        for signed in readings:
            self.add(self._config.device_id, signed)

    def add(self, sender_id, signed):
        """A reading (bytes) for the next bundle."""
        self.on_reading(sender_id, signed)
        self._parcel.add(sender_id, signed)
        self._first.set()
        if self._parcel.is_complete():
            self._full.set()

    async def _send_bundles(self):
        while True:
            await self._first.wait()
            self._first.clear()
            self._full.clear()
            if not self._parcel.is_complete():
                await until(self._full, _GATHER_MS)
            while not (self._mqtt.is_up and self._device.clock.is_set()):
                await self._full.wait()
                self._full.clear()
            await self._send_bundle()

    # A coroutine of its own: the one above never ends, and what it once held it would hold until the next bundle.
    async def _send_bundle(self):
        device, readings = self._device, self._parcel.take()
        if readings:
            fields = (device.boot, device.next_sequence(bundle.KIND), device.clock.utc_s(), readings)
            signed = device.identity.seal(bundle.KIND, bundle.LAYOUT, fields)
            await self._mqtt.publish(self._topic("reading"), signed)

    def publish_later(self, leaf, payload, device_id=None):
        """Publish in a task of its own; when the link is down it is dropped."""
        asyncio.create_task(self._mqtt.publish(self._topic(leaf, device_id), payload))

    # Receipts and events, one at a time: a burst of them takes no more memory than one.
    async def _tell(self, messages):
        for signed in messages:
            is_event = cose.open_envelope(signed, cose.SIZE_MAX).kind == kind.EVENT
            await self._mqtt.publish(self._topic("event" if is_event else "receipt"), signed)

    async def _say(self, leaf, frame):
        self.publish_later(leaf, frame)

    async def _ask_time(self, challenge):
        self.publish_later("time_request", challenge)

    # The broker may have lost what it took before: what is not acknowledged is said again.
    async def _on_up(self):
        await self._mqtt.publish(self._topic("status"), b"online", True)
        self._device.time.link_up()
        self._device.telling.wake()
        self._full.set()

    # -- down -------------------------------------------------------------------------------

    def _down(self):
        down = [self._topic(leaf) for leaf in topics.TO_DEVICE]
        return down + [self._topic(leaf, other) for other in self._others for leaf in ("command", "firmware")]

    async def _on_message(self, topic, payload):
        while len(self._inbox) >= _INBOX_MAX:
            self._taken.clear()
            await self._taken.wait()
        self._inbox.append((topic, payload))
        self._arrived.set()

    async def _take_inbox(self):
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._inbox:
                await self._take_first()

    async def _take_first(self):
        topic, payload = self._inbox.pop(0)
        self._taken.set()
        address = topics.device_of(topic)
        if address:
            await self._take(address[0], address[1], payload)

    async def _take(self, device_id, leaf, payload):
        device = self._device
        if leaf == "acknowledgement":
            self._take_acknowledgement(payload)
        elif leaf == "time":
            knew_time = device.clock.is_set()
            if device.time.answer(self._config.area_id, payload):
                device.heard()
                if not knew_time:
                    self._full.set()  # a bundle may have waited for it alone
        elif leaf == "firmware":
            self._take_firmware(device_id, payload)
        elif payload[18:20] == _NOTICE:
            self._take_notice(device_id, payload)
        elif device_id != self._config.device_id:
            self._forward(device_id, payload)
        else:
            await device.command(payload)

    def _take_firmware(self, device_id, payload):
        from wire import firmware

        for frame in firmware.frames_of(payload):
            if device_id != self._config.device_id:
                self._forward(device_id, frame)
            elif self._renewal:
                self._renewal.take(frame)

    # A meter's next key is news for its M-LMD, and an M-LMD's for its meters.
    def _take_notice(self, device_id, payload):
        if self._device.take_notice(payload) or device_id != self._config.device_id:
            for other in self._others:
                if device_id in (other, self._config.device_id):
                    self._forward(other, payload)

    # Those behind verify for themselves; only who is named is told.
    def _take_acknowledgement(self, payload):
        self._device.acknowledge(payload)
        try:
            named = [entry.device_id for entry in delivery.decode(payload).entries]
        except WireError:
            return  # counted by the device
        for other in self._others:
            if other in named:
                self._forward(other, payload)
