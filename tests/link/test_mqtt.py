"""The MQTT cable against real brokers: what comes through, and what happens when the broker dies."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from link.mqtt import MqttLink, parse_broker
from tests.link.broker import Broker

PATIENCE_S = 20


@pytest.fixture(params=["unix", "tcp", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    server = Broker(tmp_path, request.param)
    server.start()
    yield server
    server.remove()


class Party:
    """One client: what it received, and a way to wait for it."""

    def __init__(self, broker: Broker, name: str, topics: list[str]) -> None:
        self.received: list[tuple[str, bytes]] = []
        self._news = asyncio.Event()
        self.link = MqttLink(broker.address, name, topics, self._on_message, self._news.set)
        self.task = asyncio.create_task(self.link.run())

    def _on_message(self, topic: str, payload: bytes) -> None:
        if payload == b"poison":
            raise KeyError("a fault in the service")
        self.received.append((topic, payload))
        self._news.set()

    async def until(self, holds) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def leave(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


def play(story) -> None:
    asyncio.run(story)


def test_messages_arrive_by_topic_and_in_order(broker):
    async def story():
        meter, aggregator = Party(broker, "meter", []), Party(broker, "aggregator", ["a/+/reading"])
        await meter.until(lambda: meter.link.ready)
        await aggregator.until(lambda: aggregator.link.ready)
        big = bytes(range(256)) * 1000
        for payload in (b"1", b"2", big):
            assert meter.link.publish("a/b/reading", payload)
        meter.link.publish("a/b/other", b"not for us")
        meter.link.publish("a/c/reading", b"last")
        await aggregator.until(lambda: len(aggregator.received) == 4)
        assert [payload for _, payload in aggregator.received] == [b"1", b"2", big, b"last"]
        await meter.leave()
        await aggregator.leave()

    play(story())


def test_a_dead_broker_is_waited_for_and_subscriptions_stand_again(broker):
    async def story():
        party = Party(broker, "party", ["echo"])
        await party.until(lambda: party.link.ready)
        broker.kill()
        await gone(party)
        assert not party.link.publish("echo", b"lost")
        assert party.link.counts["dropped"] == 1
        broker.start()
        await party.until(lambda: party.link.counts["connects"] == 2 and party.link.ready)
        party.link.publish("echo", b"back")
        await party.until(lambda: party.received)
        assert party.received == [("echo", b"back")]
        await party.leave()

    async def gone(party: Party) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await party.link.lost()

    play(story())


def test_a_service_without_a_broker_waits_for_one(broker):
    async def story():
        broker.kill()
        party = Party(broker, "party", ["echo"])
        broker.start()
        await party.until(lambda: party.link.ready)
        await party.leave()

    play(story())


def test_a_fault_in_a_callback_ends_the_service(broker):
    async def story():
        party = Party(broker, "party", ["echo"])
        await party.until(lambda: party.link.ready)
        party.link.publish("echo", b"poison")
        with pytest.raises(KeyError, match="a fault in the service"):
            await asyncio.wait_for(party.task, PATIENCE_S)

    play(story())


@pytest.mark.parametrize("broker", ["", "host", ":1883", "host:", "host:0", "host:70000", "host:mqtt"])
def test_a_wrong_broker_is_refused_with_what_is_allowed(broker):
    with pytest.raises(ValueError, match="host:port"):
        parse_broker(broker)


@pytest.mark.parametrize(
    ("broker", "parsed"),
    [
        ("unix:/run/broker.sock", ("unix", "/run/broker.sock", 1883)),
        ("broker.example:8883", ("tcp", "broker.example", 8883)),
        ("[::1]:1883", ("tcp", "::1", 1883)),
    ],
)
def test_brokers(broker, parsed):
    assert parse_broker(broker) == parsed
