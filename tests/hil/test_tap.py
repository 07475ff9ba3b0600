"""The tap between clients and a broker: nothing in flight is missed, and time does not wait for ever."""

import os
import shutil
import socket
import threading

import pytest

from hil import mqtt_packets as mqtt
from hil import tap as taps
from hil.broker import Broker
from hil.tap import Tap

CONNECTED = b"\x20\x02\x00\x00"


def _needs(kind):
    missing = kind == "mosquitto" and not (shutil.which("mosquitto") or os.path.exists("/usr/sbin/mosquitto"))
    if missing and not os.environ.get("CI"):
        pytest.skip("mosquitto is not on this machine")


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request, tmp_path):
    _needs(request.param)
    broker = Broker(request.param, tmp_path, tmp_path / "broker.log")
    broker.start()
    yield broker
    broker.kill()


class Client:
    """A client that notes what it gets; its bytes are written by hand."""

    def __init__(self, tap, name, will=b""):
        self.got = bytearray()
        self.is_lost = False
        self.link = tap.connect(name, self.got.extend, self._lost)
        flags = b"\x2e" if will else b"\x02"
        parts = [name.encode(), *((b"status", will) if will else ())]
        body = b"\x00\x04MQTT\x04" + flags + b"\x00\x3c"
        body += b"".join(len(part).to_bytes(2, "big") + part for part in parts)
        self.link.send(b"\x10" + bytes((len(body),)) + body)

    def _lost(self):
        self.is_lost = True

    def subscribe(self, topic_filter):
        body = b"\x00\x01" + len(topic_filter).to_bytes(2, "big") + topic_filter.encode() + b"\x01"
        self.link.send(b"\x82" + bytes((len(body),)) + body)

    def messages(self):
        found = [mqtt.read_publish(packet) for packet in mqtt.split(self.got) if packet.kind == mqtt.PUBLISH]
        return [(message.topic, message.payload) for message in found]


def open_tap(broker):
    tap = Tap()
    tap.address = broker.address
    return tap


def test_after_one_exchange_everything_has_arrived(broker):
    tap = open_tap(broker)
    reader, writer = Client(tap, "reader"), Client(tap, "writer")
    reader.subscribe("area/+/reading")
    tap.exchange()
    assert reader.got.startswith(CONNECTED)
    reader.got.clear()
    for number in range(200):
        writer.link.send(mqtt.write_publish(f"area/{number % 3}/reading", b"%d" % number, number + 1))
        writer.link.send(mqtt.write_publish("area/0/other", b"%d" % number, 1000 + number))
    tap.exchange()
    assert reader.messages() == [(f"area/{number % 3}/reading", b"%d" % number) for number in range(200)]
    assert (tap.messages, tap.debts_forgiven) == (400, 0)


def test_a_packet_in_pieces_goes_on_when_it_is_whole(broker):
    tap = open_tap(broker)
    reader, writer = Client(tap, "reader"), Client(tap, "writer")
    reader.subscribe("#")
    tap.exchange()
    packet = mqtt.write_publish("t", b"in pieces", 9)
    for piece in (packet[:1], packet[1:6], packet[6:]):
        assert reader.messages() == []
        writer.link.send(piece)
        tap.exchange()
    assert reader.messages() == [("t", b"in pieces")]


def test_retained_messages_and_last_wills_are_waited_for(broker):
    tap = open_tap(broker)
    dying = Client(tap, "dying", will=b"offline")
    tap.exchange()
    dying.link.send(b"\x31\x0e\x00\x06statusonline")  # QoS 0, retained
    tap.exchange()
    reader = Client(tap, "reader")
    reader.subscribe("status")
    tap.exchange()
    assert reader.messages() == [("status", b"online")]
    dying.link.close()
    tap.exchange()
    assert reader.messages() == [("status", b"offline")]
    assert tap.debts_forgiven == 0


def test_a_broker_that_is_killed_loses_every_client_and_all_state(broker):
    tap = open_tap(broker)
    reader = Client(tap, "reader")
    reader.subscribe("#")
    tap.exchange()
    broker.kill()
    tap.broker_down()
    assert reader.is_lost
    assert tap.connect("reader", print, print) is None
    assert tap.inject("t", b"nobody hears this") is False
    broker.start()
    tap.address = broker.address
    again = Client(tap, "reader")
    again.subscribe("#")
    tap.exchange()
    assert tap.inject("t", b"back")
    tap.exchange()
    assert again.messages() == [("t", b"back")]
    assert tap.debts_forgiven == 0


@pytest.fixture
def forgetful():
    """A broker that greets and then swallows everything."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        connections = []
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connection.recv(4096)
            connection.sendall(CONNECTED)
            connections.append(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def test_what_a_broker_drops_is_forgiven_and_counted(forgetful, monkeypatch):
    monkeypatch.setattr(taps, "PATIENCE_S", 0.2)
    tap = Tap()
    tap.address = forgetful
    writer = Client(tap, "writer")
    tap.exchange()
    assert writer.got == CONNECTED
    for number in (1, 2):
        writer.link.send(mqtt.write_publish("t", b"lost", number))
    tap.exchange()
    assert tap.debts_forgiven == 2
    tap.exchange()
    assert tap.debts_forgiven == 2
