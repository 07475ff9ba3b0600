"""
The aggregator as a process behind a real broker, killed (kill -9) where it hurts most. The
test is the M-LMD, the meters and the full node; what they were told is the oracle.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chain.ed25519 import verify
from link.mqtt import MqttLink
from phone.client import Household, ask_for_reading
from tests.aggregator.area import NETWORK, bundle_of, ident, load_of, reading_of, receipt_of, record, signer
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from tests.exhaustive import or_some
from tests.link.broker import Broker
from wire import (
    acknowledgement,
    area_block,
    cbor,
    command,
    cose,
    kind,
    light_block,
    merkle,
    message,
    reading_ask,
    signed_time,
    topics,
)
from wire.block import Decision
from wire.command import RELAY
from wire.interval import WINDOW_S, interval_of

PATIENCE_S = 30
TOP = Path(__file__).parents[2]
AREA = ident("aggregator")
PHONE = b"a phone!"
MEMBERS = ("mlmd-1", "meter-1", "meter-2", "meter-3")


@pytest.fixture(params=or_some(["amqtt", "unix"], 1))
def broker(request, tmp_path) -> Iterator[Broker]:
    server = Broker(tmp_path, request.param)
    server.start()
    yield server
    server.remove()


class Process:
    """The aggregator. Its clock says that a window ends in a moment."""

    def __init__(self, directory: Path, broker: Broker) -> None:
        self.store = directory / "store.sqlite"
        self._config = directory / "aggregator.toml"
        self._log = directory / "aggregator.log"
        (directory / "aggregator.key").write_text(sha256(b"aggregator").hexdigest())
        settings = {
            "network_id": NETWORK.hex(),
            "secret_key_file": str(directory / "aggregator.key"),
            "operator_public_key": signer("operator").public_key.hex(),
            "cloud_id": ident("cloud").hex(),
            "cloud_public_key": signer("cloud").public_key.hex(),
            "broker": broker.address,
            "store": str(self.store),
            "seal_delay_s": 1,
            "feeder_power_w_max": 10_000,
            "log_file": str(self._log),
        }
        self._config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
        self._process: subprocess.Popen[bytes] | None = None
        self._offset_s = 0.0

    def now_s(self) -> int:
        return int(time.time() + self._offset_s)

    def start(self, dies_at: str = "", ends_in_s: float = 2.0) -> None:
        """ends_in_s: until its clock passes the end of a window."""
        at_s = time.time() + self._offset_s
        self._offset_s += WINDOW_S - at_s % WINDOW_S - ends_in_s
        arguments = [str(self._offset_s), dies_at, str(self._config)]
        self._process = subprocess.Popen([sys.executable, "-m", "tests.aggregator.killed", *arguments], cwd=TOP)

    async def died(self) -> None:
        assert self._process is not None
        status = await asyncio.get_running_loop().run_in_executor(None, self._process.wait, PATIENCE_S)
        assert status == -9, self._log.read_text()

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def export(self) -> dict[str, Any]:
        command_line = [sys.executable, "-m", "aggregator", "export", str(self.store)]
        return json.loads(subprocess.run(command_line, cwd=TOP, check=True, capture_output=True).stdout)


class World:
    """Everybody else: the M-LMD with its meters, and the full node."""

    def __init__(self, broker: Broker) -> None:
        self.chain = ChainOfBlocks()
        self.chain.add(*(self.chain.registration(name) for name in MEMBERS))
        self.chain.add(self.chain.heater_contract(1, "meter-1"))
        self.acknowledged: set[tuple[bytes, int, int]] = set()
        self.submitted: dict[int, set[bytes]] = defaultdict(set)  # light blocks by number
        self.receipts: set[bytes] = set()
        self.commands: list[tuple[bytes, command.Command]] = []
        self.times: list[signed_time.Time] = []
        self.places: list[reading_ask.Answer] = []  # of readings, as the phone of meter-1's owner is told
        self.sequence = 0
        self._news = asyncio.Event()
        leaves = [topics.of_all_devices(AREA, leaf) for leaf in topics.TO_DEVICE]
        subscribed = [*leaves, topics.SUBMIT, area_block.FETCH_TOPIC, reading_ask.answer_topic_of(AREA, PHONE)]
        self.link = MqttLink(broker.address, "world", subscribed, self._on_message, self._news.set)
        self._task = asyncio.create_task(self.link.run())

    def _on_message(self, topic: str, payload: bytes) -> None:
        if topic == reading_ask.answer_topic_of(AREA, PHONE):
            self.places.append(message.decode(reading_ask.ANSWER_LAYOUT, payload))
            self._news.set()
            return
        envelope = None if topic == area_block.FETCH_TOPIC else cose.open_envelope(payload)
        if envelope is None:
            self._answer_fetch(payload)
        elif envelope.kind == kind.ACKNOWLEDGEMENT:
            for entry in self._open(acknowledgement.KIND, acknowledgement.LAYOUT, payload).entries:
                numbers = range(entry.first_sequence, entry.last_sequence + 1)
                self.acknowledged |= {(entry.device_id, entry.boot, number) for number in numbers}
        elif envelope.kind == kind.COMMAND:
            self.commands.append((payload, self._open(command.KIND, command.LAYOUT, payload)))
        elif envelope.kind == kind.TIME:
            self.times.append(self._open(signed_time.KIND, signed_time.LAYOUT, payload))
        elif envelope.kind == kind.LIGHT_BLOCK:
            self.submitted[self._open(light_block.KIND, light_block.LAYOUT, payload).number].add(payload)
        elif envelope.kind == kind.RECEIPT:
            self.receipts.add(payload)
        self._news.set()

    @staticmethod
    def _open(number: int, layout: Any, payload: bytes) -> Any:
        return message.open_as(number, layout, payload, {AREA: signer("aggregator").public_key}.get, NETWORK, verify)[1]

    def _answer_fetch(self, payload: bytes) -> None:
        _, height = cbor.decode(payload, 64)
        for data in self.chain.blocks[min(height, len(self.chain.blocks)) - 1 :]:
            self.link.publish(area_block.topic_of(AREA), data)

    def publish_block(self, *transactions: bytes, **fields: Any) -> None:
        self.link.publish(area_block.topic_of(AREA), self.chain.add(*transactions, **fields))

    def bundle(self, now_s: int) -> list[tuple[bytes, int, int]]:
        """The next reading of every meter, for the window that is about to end."""
        self.sequence += 1
        window = now_s - now_s % WINDOW_S
        one = record(window, duration_s=1, consumed_total_wh=250 * self.sequence)
        readings = [reading_of(name, 1, self.sequence, one) for name in MEMBERS[1:]]
        self._publish("reading", bundle_of("mlmd-1", *readings, sequence=self.sequence))
        return [(ident(name), 1, self.sequence) for name in MEMBERS[1:]]

    def _publish(self, leaf: str, payload: bytes, name: str = "mlmd-1") -> None:
        assert self.link.publish(topics.of_device(AREA, ident(name), leaf), payload)

    async def until(self, holds: Callable[[], bool], again: Callable[[], object] = lambda: None) -> None:
        """Repeats `again` each second, as a device does until it is answered."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                again()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 1)

    async def leave(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


@pytest.fixture
def process(tmp_path, broker) -> Iterator[Process]:
    made = Process(tmp_path, broker)
    yield made
    made.end()


async def deliver(world: World, process: Process) -> list[tuple[bytes, int, int]]:
    """One bundle, sent until it is acknowledged."""
    keys = world.bundle(process.now_s())
    again = world.sequence

    def once_more() -> None:
        world.sequence = again - 1
        world.bundle(process.now_s())

    await world.until(lambda: set(keys) <= world.acknowledged, once_more)
    return keys


def test_a_kill_between_store_and_acknowledge_loses_and_doubles_nothing(broker, process):
    async def story():
        world = World(broker)
        await world.until(lambda: world.link.ready)
        process.start(dies_at="acknowledgement", ends_in_s=60)
        died = asyncio.create_task(process.died())
        await world.until(died.done, lambda: world.bundle(process.now_s()))
        await died
        assert not world.acknowledged
        stored = {(row["device_id"], row["sequence"]) for row in process.export()["readings"]}
        assert stored  # on the disk, though nobody was told
        process.start(ends_in_s=60)
        keys = await deliver(world, process)
        rows = [(row["device_id"], row["boot"], row["sequence"]) for row in process.export()["readings"]]
        assert len(rows) == len(set(rows))
        assert {(device_id.hex(), boot, number) for device_id, boot, number in keys} <= set(rows)
        await world.leave()

    asyncio.run(story())


def test_a_kill_between_seal_and_submit_submits_the_same_light_block_once(broker, process):
    async def story():
        world = World(broker)
        await world.until(lambda: world.link.ready)
        for number in (1, 2):
            process.start(ends_in_s=60)
            await deliver(world, process)
            process.end()
            process.start(dies_at=topics.SUBMIT)  # dies with the sealed window in its hands
            await process.died()
            assert number not in world.submitted
            process.start(dies_at=topics.SUBMIT, ends_in_s=60)  # dies again as it offers it once more
            await process.died()
            process.start()
            await world.until(lambda n=number: n in world.submitted)
            world.publish_block(*world.submitted[number])
            await world.until(lambda: all(row["closed"] for row in process.export()["submissions"]))
            await ask_for_the_reading(world, number)
            process.end()
        assert {number: len(contents) for number, contents in world.submitted.items()} == {1: 1, 2: 1}
        rows = process.export()["readings"]
        assert sorted((row["sequence"], row["light_block"]) for row in rows) == [(1, 1)] * 3 + [(2, 2)] * 3
        await world.leave()

    asyncio.run(story())


async def ask_for_the_reading(world: World, number: int) -> None:
    """The owner's phone asks for meter-1's; the answer leads to the root of that light block."""
    (data,) = world.submitted[number]
    block = world._open(light_block.KIND, light_block.LAYOUT, data)
    key = signer("user")
    question = ask_for_reading(
        Household(key.public_key, NETWORK, key.sign), PHONE, ident("meter-1"), block.window_start_s
    )
    world.places.clear()
    await world.until(lambda: bool(world.places), lambda: world.link.publish(reading_ask.topic_of(AREA), question))
    told = world.places[0]
    assert cose.open_envelope(told.reading).signer_id == ident("meter-1")
    place = told.place
    assert merkle.verify_proof(told.reading, place.index, place.count, place.path, block.merkle_root)


def test_decisions_receipts_time_and_edge_control_through_the_broker(broker, process):
    async def story():
        world = World(broker)
        await world.until(lambda: world.link.ready)
        process.start(ends_in_s=120)
        await deliver(world, process)  # it follows the ledger: the devices are known
        interval = interval_of(process.now_s())
        world.publish_block(decisions=[Decision(1, 1, ident("meter-1"), AREA, interval, RELAY, 1, 0)])
        await world.until(lambda: len(world.commands) == 1)
        data, order = world.commands[0]
        assert (order.device_id, order.decision_id, order.value) == (ident("meter-1"), 1, 1)

        answer = receipt_of("meter-1", 1, data, order)
        world._publish("receipt", answer, "meter-1")
        await world.until(lambda: answer in world.receipts)

        challenge = b"12345678"
        world._publish("time_request", challenge)
        await world.until(lambda: bool(world.times))
        assert world.times[0].challenge == challenge
        assert abs(world.times[0].time_s - process.now_s()) < PATIENCE_S

        for rubbish in (b"", b"\xff" * 300, answer[:-1]):
            for leaf in topics.FROM_DEVICE:
                world._publish(leaf, rubbish)
            world.link.publish(area_block.topic_of(AREA), rubbish)
            world.link.publish(topics.STRATEGY, rubbish)
        world._publish("load", load_of("mlmd-1", 1, 15_000, measured_s=process.now_s()))
        await world.until(lambda: len(world.commands) == 2)
        _, shed = world.commands[1]
        assert (shed.device_id, shed.sequence, shed.decision_id, shed.value) == (ident("meter-1"), 2, 0, 0)
        await world.leave()

    asyncio.run(story())
