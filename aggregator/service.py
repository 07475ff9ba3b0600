"""
The aggregator's sockets, clock and tasks. It has no rules of its own: what comes in goes
to Reception, LightNode or Control, and what they return goes out after it is on disk.

Whatever arrives in one instant may arrive in any order: parcels are keyed, a seal takes
what came before its instant, and edge control looks half a second after the loads.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from link.group import load_group
from link.inbox import Inbox
from link.journal import Journal
from link.keys import identity_of, load_signer
from link.mqtt import MqttLink
from link.timer import Clock, next_after, sleep_until
from link.timeseries import TimeSeries
from wire import acknowledgement, area_block, interval, reading_ask, signed_time, topics
from wire.errors import WireError
from wire.event import CODES

from .acknowledge import of_event
from .control import Control
from .distribution import Distribution
from .event_store import read_event
from .follow import Next
from .following import Following
from .light_node import LightNode
from .notices import Notices
from .prove import answer
from .prune import before_s, prune
from .reception import Reception, point_of
from .refusal import Refused
from .settings import AggregatorSettings
from .site import Outgoing, Site
from .steering import Steering
from .store import Store

PARCELS_MAX, PARCELS_OF_SENDER_MAX, BATCH_MAX = 1024, 64, 128
SUBMIT_AGAIN_S = 60
IN_FLIGHT_S = 2  # what a life of ours that our file forgot has handed in is in a block by then: one a second
FIRMWARE_LOOK_S = 15
T = TypeVar("T")
SUBSCRIBED = (*topics.FROM_DEVICE, topics.ORDER)


class Service:
    def __init__(self, settings: AggregatorSettings, clock: Clock, journal: Journal) -> None:
        self._settings = settings
        self._clock = clock
        self._journal = journal
        signer = load_signer(settings.secret_key_file)
        self._series = TimeSeries(
            settings.influx_url, settings.influx_token, settings.influx_org, settings.influx_bucket
        )
        self._store = Store(settings.store)
        self._site = Site(
            settings.network_id,
            signer,
            (identity_of(settings.operator_public_key), settings.operator_public_key),
            (settings.cloud_id, settings.cloud_public_key),
            self._store,
            self._series,
            settings.area_id or b"",
        )
        self._reception = Reception(self._site)
        self._node = LightNode(self._site)
        self._control = Control(self._site, settings.limits_w, settings.feeder_power_w_max, int(clock()))
        succession = settings.area_notice_file.read_bytes() if settings.area_notice_file else b""
        self._notices = Notices(self._site, self._control.mlmd_of, succession)
        self._firmware = Distribution(
            settings.firmware_folder,
            self._site.area_id,
            self._store.events.running(),
            self._store.rollouts,
            settings.firmware_failures_max,
        )
        self._parcels: Inbox[bytes] = Inbox(PARCELS_MAX, PARCELS_OF_SENDER_MAX)
        self._receipts: Inbox[tuple[bytes, bytes]] = Inbox(PARCELS_MAX, PARCELS_OF_SENDER_MAX)
        self._steering = Steering(self._control, self._send, clock, journal)
        self._following = Following(self._node, self._send, self._take_block)
        self._has_sealed = False  # since the start
        self._submitted = asyncio.Event()
        names = [topics.of_all_devices(self._site.area_id, leaf) for leaf in SUBSCRIBED]
        self._link = MqttLink(
            settings.broker,
            f"aggregator-{self._site.area_id.hex()}",
            [
                *names,
                area_block.topic_of(self._site.area_id),
                reading_ask.topic_of(self._site.area_id),
                topics.STRATEGY,
            ],
            self._on_message,
            self._on_ready,
            load_group(topics.LEDGER, settings.group_key_file),
            settings.tls,
            lambda trouble: journal.warning("no_broker", trouble=trouble),
        )

    async def run(self) -> None:
        """Until cancelled, or until something of ours is wrong: then it raises."""
        self._journal.info("started", area=self._site.area_id.hex(), height=self._node.head.height)
        try:
            async with asyncio.TaskGroup() as tasks:
                for task in (
                    self._link.run(),
                    self._receive_parcels(),
                    self._receive_receipts(),
                    self._following.follow(),
                    self._following.fetch(),
                    self._seal_windows(),
                    self._submit_again(),
                    self._steering.resend_commands(),
                    self._steering.control_edge(),
                    self._steering.report_load(),
                    self._hand_out_firmware(),
                ):
                    tasks.create_task(task)
        finally:
            self._close()

    def _close(self) -> None:
        with self._store.transaction():
            self._site.write_refused()
        self._store.close()
        self._series.close()

    def _send(self, messages: Iterable[Outgoing]) -> None:
        for outgoing in messages:
            self._link.publish(outgoing.topic, outgoing.payload)

    # What comes in, on the loop, from the link.

    def _on_ready(self) -> None:
        """Connected: whatever was under way before is repeated, the ledger may have moved on."""
        self._journal.info("connected", connects=self._link.counts["connects"], dropped=self._link.counts["dropped"])
        self._following.lose_level()
        self._send(self._notices.succession(self._site.registry.mlmds))
        self._send(self._node.open_submissions())
        self._send(self._control.resend_all(int(self._clock())))

    def _on_message(self, topic: str, payload: bytes) -> None:
        if topic == area_block.topic_of(self._site.area_id):
            self._count_flood(self._following.put(payload))
            return
        try:
            if topic == reading_ask.topic_of(self._site.area_id):
                self._send(answer(payload, self._site))
            elif topic == topics.STRATEGY:
                self._control.take_strategy(payload)
            elif (place := topics.device_of(topic)) is not None:
                device_id, leaf = place
                self._from_device(device_id, leaf, payload)
        except (WireError, Refused) as error:
            self._site.refused[error.name] += 1

    def _put(self, inbox: Inbox[T], sender: str, item: T) -> None:
        self._count_flood(inbox.put(sender, item))

    def _count_flood(self, has_room: bool) -> None:
        if not has_room:
            self._site.refused["flood"] += 1

    def _from_device(self, device_id: bytes, leaf: str, payload: bytes) -> None:
        """Raises WireError, Refused. A stranger does not get as far as the queues."""
        if leaf in ("reading", "receipt", "event", "rotation") and device_id not in self._site.registry.devices:
            raise self._site.registry.stranger(device_id)
        if leaf == "reading":
            self._put(self._parcels, device_id.hex(), payload)
        elif leaf == "receipt":
            self._put(self._receipts, device_id.hex(), (device_id, payload))
        elif leaf == "load":
            self._control.take_load(payload, device_id)
            self._steering.measured.set()
        elif leaf == "event":
            self._take_event(device_id, payload)
        elif leaf == "rotation":
            self._send(self._node.announce(payload, device_id, self._clock()))
            self._tell_keys()
            self._submitted.set()
        elif leaf == topics.ORDER:
            self._send([self._control.take_order(payload, device_id, int(self._clock()))])
            self._steering.issued.set()
        elif leaf == "firmware_request":
            with self._store.transaction():
                pieces = self._firmware.answer(device_id, payload)
            self._send(pieces)
        elif leaf == "time_request":
            self._tell_time(device_id, payload)
        elif leaf == "status" and payload == b"online":
            self._send(self._notices.through(device_id))
            self._send(self._control.resend_through(device_id, int(self._clock())))

    def _take_event(self, device_id: bytes, payload: bytes) -> None:
        found = read_event(payload, device_id, self._site.registry, self._site.network_id)
        with self._store.transaction():
            is_new = self._store.events.add(device_id, found, payload, int(self._clock()))
            if is_new:
                self._firmware.take_event(device_id, found)
        said = of_event(device_id, found, int(self._clock()))
        topic = topics.of_device(self._site.area_id, self._store.readings.carrier_of(device_id), "acknowledgement")
        self._send([Outgoing(topic, self._site.seal(acknowledgement.KIND, acknowledgement.LAYOUT, said))])
        if is_new:
            name = CODES[found.code] if found.code < len(CODES) else str(found.code)
            self._journal.info("event", device=device_id.hex(), code=name, ended=bool(found.end_s), value=found.value)

    def _tell_keys(self) -> None:
        changed, self._node.changed_keys = self._node.changed_keys, []
        self._send(outgoing for device_id in changed for outgoing in self._notices.about(device_id))

    def _tell_time(self, device_id: bytes, challenge: bytes) -> None:
        if len(challenge) != signed_time.CHALLENGE_SIZE:
            raise WireError("wrong_length", "challenge")
        answer = signed_time.Time(int(self._clock()), challenge)
        topic = topics.of_device(self._site.area_id, device_id, "time")
        self._send([Outgoing(topic, self._site.seal(signed_time.KIND, signed_time.LAYOUT, answer))])

    # The tasks.

    async def _receive_parcels(self) -> None:
        while True:
            results, answers = self._reception.take(await self._parcels.take(BATCH_MAX), self._clock())
            self._send(answers)
            self._control.note_readings(results)
            for taken in results:
                if taken.refused["replayed"]:
                    self._send(self._notices.succession({taken.carrier_id, *(key[0] for key in taken.acknowledged)}))
                if taken.gaps:
                    self._journal.info("gap", carrier=taken.carrier_id.hex(), readings=taken.gaps)
                for reading in taken.accepted:
                    self._series.write(*point_of(reading, self._site.area_id))

    async def _receive_receipts(self) -> None:
        while True:
            self._send(self._control.take_receipts(await self._receipts.take(BATCH_MAX), int(self._clock())))
            self._submitted.set()

    def _take_block(self, step: Next) -> None:
        with self._store.transaction():
            self._node.apply(step)
            commands = self._control.dispatch(step.block.decisions, step.block.height, int(self._clock()))
            self._site.write_refused()
        self._tell_keys()  # before commands: the answer is then under the key that counts
        self._send(commands)
        if commands:
            self._steering.issued.set()
        refused = Counter(int(status) for status in step.block.statuses if status)
        if refused:
            self._journal.info("block", height=step.head.height, refused=dict(refused))

    async def _seal_windows(self) -> None:
        while True:
            await sleep_until(next_after(self._clock(), interval.WINDOW_S, self._settings.seal_delay_s), self._clock)
            await self._following.level()
            if not self._has_sealed:
                await asyncio.sleep(IN_FLIGHT_S)
                await self._following.level()
                self._has_sealed = True
            light_blocks = self._node.seal(self._clock())
            self._send(light_blocks)
            if light_blocks:
                self._submitted.set()
                self._journal.info("sealed", light_blocks=len(light_blocks))
            self._prune()

    def _prune(self) -> None:
        """Old raw readings go; some at a time, so that nothing waits for it."""
        if self._settings.keep_days:
            with self._store.transaction():
                before = before_s(self._clock(), self._settings.keep_days)
                prune(self._store.db, before)
                self._store.area.drop_before(interval.interval_of(before))

    async def _submit_again(self) -> None:
        """As long as the ledger owes an answer."""
        while True:
            await self._submitted.wait()
            await asyncio.sleep(SUBMIT_AGAIN_S)
            waiting = self._node.open_submissions()
            self._send(waiting)
            if not waiting:
                self._submitted.clear()

    async def _hand_out_firmware(self) -> None:
        """Announces releases, wave by wave, and says in the journal what changed."""
        if self._settings.firmware_folder is None:
            return
        said: dict[str, object] = {}
        while True:
            with self._store.transaction():
                announced = self._firmware.look(self._site.registry.devices, int(self._clock()))
            self._send(announced)
            summary = self._firmware.summary()
            if summary != said:
                self._journal.info("firmware", **summary)
                said = summary
            await asyncio.sleep(FIRMWARE_LOOK_S)
