"""TLS to a real broker, set up as the examples say: who gets in, what comes through, and who is sent away."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.certificates import authority, for_broker, for_client
from link.mqtt import MqttLink
from link.tls import Tls
from tests.link.broker import free_port
from tests.link.tls_broker import AREA, CLOUD, METER, MLMD, TlsBroker
from wire import area_block, topics

PATIENCE_S = 20


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[TlsBroker]:
    server = TlsBroker(tmp_path)
    server.start()
    yield server
    server.remove()


class Party:
    """One client: what it received, what trouble it had, and a way to wait for either."""

    def __init__(self, address: str, tls: Tls | None, wanted: list[str], name: str = "") -> None:
        self.received: list[tuple[str, bytes]] = []
        self.troubles: list[str] = []
        self._news = asyncio.Event()
        name = name or f"test-{id(self)}"
        self.link = MqttLink(
            address, name, wanted, self._on_message, self._news.set, tls=tls, on_trouble=self._on_trouble
        )
        self.task = asyncio.create_task(self.link.run())

    def _on_message(self, topic: str, payload: bytes) -> None:
        self.received.append((topic, payload))
        self._news.set()

    def _on_trouble(self, trouble: str) -> None:
        self.troubles.append(trouble)
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


def test_messages_come_through_whole_and_in_order(broker):
    async def story():
        own = topics.of_device(AREA, MLMD, "reading")
        mlmd = Party(broker.address, broker.tls(MLMD), [])
        aggregator = Party(broker.address, broker.tls(AREA), [own])
        for party in (mlmd, aggregator):
            await party.until(lambda party=party: party.link.ready)
        sent = [b"%06d" % number * (1 + number % 90) for number in range(300)] + [bytes(200_000)]
        for payload in sent:
            assert mlmd.link.publish(own, payload)
        await aggregator.until(lambda: len(aggregator.received) >= len(sent))
        assert aggregator.received == [(own, payload) for payload in sent]
        assert (mlmd.troubles, aggregator.troubles) == ([], [])
        await mlmd.leave()
        await aggregator.leave()

    asyncio.run(story())


def _answer(server: socket.socket, context: ssl.SSLContext, packets: bytes, over: threading.Event) -> None:
    """Be a broker for one client: let it in, and answer its subscription with `packets` in one TLS record."""
    plain, _ = server.accept()
    with context.wrap_socket(plain, server_side=True) as client:
        client.recv(4096)
        client.sendall(b"\x20\x02\0\0")
        client.recv(4096)
        client.sendall(packets)
        over.wait(PATIENCE_S)


def test_packets_that_share_a_record_do_not_wait_for_the_next(tmp_path):
    own, over = authority("a grid"), threading.Event()
    for_broker(own, ["localhost"]).write(tmp_path, "broker")
    for_client(own, CLOUD.hex()).write(tmp_path, "cloud")
    own.write(tmp_path, "ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "broker.pem", tmp_path / "broker.key")
    publishes = [b"\x30\x04\0\1t" + bytes((number,)) for number in range(5)]
    packets = b"\x90\x03\0\1\1" + b"".join(publishes)
    tls = Tls(ca=tmp_path / "ca.pem", certificate=tmp_path / "cloud.pem", key=tmp_path / "cloud.key")

    async def story(port: int):
        party = Party(f"localhost:{port}", tls, ["t"])
        await party.until(lambda: len(party.received) == len(publishes))
        over.set()
        await party.leave()

    with socket.create_server(("127.0.0.1", 0)) as server:
        broker = threading.Thread(target=_answer, args=(server, context, packets, over))
        broker.start()
        asyncio.run(story(server.getsockname()[1]))
        broker.join()


def test_a_link_comes_back_when_the_broker_does(broker):
    async def story():
        party = Party(broker.address, broker.tls(CLOUD), [topics.SUBMIT])
        await party.until(lambda: party.link.ready)
        broker.kill()
        await party.until(lambda: party.troubles)
        broker.start()
        await party.until(lambda: party.link.counts["connects"] == 2 and party.link.ready)
        assert party.link.trouble == ""
        await party.leave()

    asyncio.run(story())


STRANGER = authority("somebody else")
REFUSED = {
    "in the clear": lambda broker: (broker.address, None),
    "certified by another authority": lambda broker: (broker.address, broker.tls(CLOUD, by=STRANGER)),
    "believing another authority": lambda broker: (broker.address, broker.tls(CLOUD, believed=STRANGER)),
    "by a name the broker's certificate is not for": lambda broker: (
        f"ip6-localhost.localhost:{broker.port}",
        broker.tls(CLOUD),
    ),
}


@pytest.mark.parametrize("how", REFUSED)
def test_no_connection(broker, how):
    async def story():
        party = Party(*REFUSED[how](broker), [topics.SUBMIT])
        await party.until(lambda: party.troubles)
        assert party.link.counts["connects"] == 0
        assert not party.link.ready
        await party.leave()

    asyncio.run(story())


def test_no_certificate(broker):
    """The settings allow none; this is what the broker says to one who tries without."""
    context = ssl.create_default_context(cafile=broker.tls(CLOUD).ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # where the answer comes with the handshake
    with (
        pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"),
        socket.create_connection(("127.0.0.1", broker.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost"),
    ):
        pass


# Who writes where, and whether who listens hears it.
ACCESS = [
    (MLMD, (AREA, MLMD, "reading"), AREA, True),
    (MLMD, (AREA, METER, "receipt"), AREA, True),
    (AREA, (AREA, METER, "command"), MLMD, True),
    (AREA, (AREA, MLMD, "acknowledgement"), MLMD, True),
    (METER, (AREA, MLMD, "reading"), AREA, False),
    (CLOUD, (AREA, MLMD, "command"), MLMD, False),
    (AREA, (CLOUD, MLMD, "command"), MLMD, False),
    (AREA, (AREA, MLMD, "command"), METER, False),
]


@pytest.mark.parametrize("writer, place, listener, is_heard", ACCESS)
def test_the_access_list(broker, writer, place, listener, is_heard):
    """A last message that everybody may hear tells that the one before it did not come."""

    async def story():
        topic = topics.of_device(*place)
        first = Party(broker.address, broker.tls(writer), [])
        second = Party(broker.address, broker.tls(listener), [topic, topics.SUBMIT])
        for party in (first, second):
            await party.until(lambda party=party: party.link.ready)
        first.link.publish(topic, b"said")
        first.link.publish(topics.SUBMIT, b"last")
        await second.until(lambda: (topics.SUBMIT, b"last") in second.received)
        assert ((topic, b"said") in second.received) is is_heard
        await first.leave()
        await second.leave()

    asyncio.run(story())


@pytest.mark.parametrize("topic", [topics.SUBMIT, topics.FETCH, area_block.FETCH_TOPIC, topics.ASK])
def test_an_aggregator_reaches_the_full_node(broker, topic):
    async def story():
        aggregator = Party(broker.address, broker.tls(AREA), [])
        cloud = Party(broker.address, broker.tls(CLOUD), [topic])
        for party in (aggregator, cloud):
            await party.until(lambda party=party: party.link.ready)
        aggregator.link.publish(topic, b"said")
        await cloud.until(lambda: cloud.received == [(topic, b"said")])
        await aggregator.leave()
        await cloud.leave()

    asyncio.run(story())


def test_nobody_is_thrown_out_by_one_who_takes_his_name(broker):
    async def story():
        cloud = Party(broker.address, broker.tls(CLOUD), [topics.SUBMIT], "cloud")
        await cloud.until(lambda: cloud.link.ready)
        for name in ("cloud", CLOUD.hex()):
            thief = Party(broker.address, broker.tls(MLMD), [], name)
            await thief.until(lambda thief=thief: thief.link.ready)
            thief.link.publish(topics.SUBMIT, name.encode())
            await cloud.until(lambda name=name: (topics.SUBMIT, name.encode()) in cloud.received)
            await thief.leave()
        assert (cloud.link.counts["connects"], cloud.troubles) == (1, [])
        await cloud.leave()

    asyncio.run(story())


@pytest.mark.parametrize("wrong", ["ca", "certificate", "key"])
def test_a_wrong_file_is_named_before_anything_starts(broker, wrong):
    good = broker.tls(CLOUD).model_dump()
    broken = broker.directory / "broken.pem"
    broken.write_text("no certificate\n")
    for path in (broken, broker.directory / "missing.pem"):
        with pytest.raises(ValueError, match=path.name):
            Tls(**{**good, wrong: path})


def test_there_is_no_tls_on_a_unix_socket(broker):
    with pytest.raises(ValueError, match="host:port"):
        MqttLink("unix:/run/broker.sock", "x", [], print, tls=broker.tls(CLOUD))


def test_a_second_listener_for_commands_has_rules_of_its_own(tmp_path):
    """As the comment in examples/mosquitto.conf has it."""
    broker, port = TlsBroker(tmp_path), free_port()
    config = tmp_path / "mosquitto.conf"
    told = "# listener 1883 127.0.0.1\n# allow_anonymous true\n"
    text = config.read_text()
    assert told in text
    here = f"listener {port} 127.0.0.1\nallow_anonymous true\n"
    config.write_text("per_listener_settings true\n" + text.replace(told, here))
    broker.start()

    async def story():
        cloud = Party(broker.address, broker.tls(CLOUD), [topics.SUBMIT])
        await cloud.until(lambda: cloud.link.ready)
        command = Party(f"127.0.0.1:{port}", None, [])
        await command.until(lambda: command.link.ready)
        command.link.publish(topics.SUBMIT, b"signed")
        await cloud.until(lambda: cloud.received)
        refused = Party(broker.address, None, [])
        await refused.until(lambda: refused.troubles)
        for party in (cloud, command, refused):
            await party.leave()

    try:
        asyncio.run(story())
    finally:
        broker.remove()
