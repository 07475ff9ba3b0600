"""TLS between an M-LMD and its broker: on the bench's gate, and with a real mosquitto."""

import struct
from datetime import UTC, datetime

import pytest

from deploy import certificates
from deploy.certificates import authority, for_client
from hil import interpreter
from hil.errors import ParticipantDied
from hil.identity import Identity
from hil.secure_link import HOST, PORT, Gate
from tests.bench import hooked
from tests.firmware.micropython import micropython
from tests.link.tls_broker import AREA, MLMD, TlsBroker

from .neighbourhood import Broker, Neighbourhood

BREAKER_PIN = 27
IDS = {"mlmd-1": Identity.of(1, "mlmd-1").id}
STRANGER = authority("somebody else")


class Wire:
    """Between device and gate: what went by."""

    def __init__(self, behind) -> None:
        self.behind = behind
        self.sent = bytearray()

    def connect(self, client, deliver, lost):
        link = self.behind.connect(client, deliver, lost)
        send = link.send

        def note(data):
            self.sent += data
            send(data)

        link.send = note
        return link


class Silent:
    """A broker that takes the connection, and never answers a handshake."""

    def connect(self, client, deliver, lost):
        return self

    def send(self, data):
        assert data[0] == 22  # a TLS handshake record

    def close(self):
        pass


@pytest.fixture
def gate(tmp_path):
    return Gate(Broker(), tmp_path, IDS)


def as_told(config):
    if "mqtt" in config:
        config["mqtt"] = {"host": HOST, "port": PORT, "tls": True}
    return config


@pytest.fixture
def build(tmp_path, gate):
    """A neighbourhood whose M-LMD connects through `front`, with `files` on its flash."""
    built = []

    def make(front, files, edit=as_told):
        town = Neighbourhood(tmp_path, edit=edit, files=lambda name: files if name in IDS else {})
        gate._behind = town.broker
        town.devices["mlmd-1"].tap = front
        built.append(town)
        town.start()
        return town

    yield make
    for town in built:
        town.stop()


def test_everything_goes_by_and_nobody_reads_it(build, gate):
    wire = Wire(gate)
    town = build(wire, gate.files("mlmd-1"))
    town.play(910)
    assert town.aggregator.bundles == [3]
    assert gate.counts == {"handshakes": 1, "refused": 0}
    assert len(wire.sent) > 1500
    assert b"MQTT" not in wire.sent
    assert b"gridtide/v1" not in wire.sent


def test_it_comes_back_when_the_broker_does(build, gate):
    town = build(gate, gate.files("mlmd-1"))
    town.play(400)
    town.broker.go_down()
    town.play(600)
    town.broker.is_up = True
    town.play(910)
    assert gate.counts == {"handshakes": 2, "refused": 0}
    assert town.aggregator.bundles == [3]


def test_reconnecting_leaks_nothing(build, gate, monkeypatch, tmp_path):
    """C's heap, to the byte: mbedTLS gives back all it took, for connections that end and for handshakes that fail."""
    monkeypatch.setattr(interpreter, "command", hooked.command)
    monkeypatch.setenv("COUNTED_MALLOC", str(tmp_path))
    town = build(gate, gate.files("mlmd-1"))
    counts = tmp_path / str(town.devices["mlmd-1"]._process.pid)
    device, now_s, taken = town.devices["mlmd-1"], 0, []
    (tmp_path / "other").mkdir()
    stranger = Gate(town.broker, tmp_path / "other", IDS)
    for connections in range(1, 4):
        for front, lasts_s in ((Silent(), 45), (stranger, 75), (gate, 65)):
            device.tap, now_s = front, now_s + lasts_s
            town.play(now_s)
        assert gate.counts["handshakes"] == connections
        taken.append(struct.unpack(hooked.LAYOUT, counts.read_bytes())[0])
        town.broker.go_down()
        town.broker.is_up = True
    assert stranger.counts["refused"] > 2
    assert 20_000 < min(taken) <= max(taken) < min(taken) + 100  # signatures differ by a byte or two


REFUSED = {
    "in the clear": lambda gate: None,
    "certified by another authority": lambda gate: own(gate, for_client(STRANGER, IDS["mlmd-1"].hex())),
    "with another device's certificate": lambda gate: own(gate, for_client(gate.authority, "0123456789abcdef")),
    "believing another authority": lambda gate: gate.files("mlmd-1") | {"tls-ca.der": STRANGER.der},
    "at a broker of another name": lambda gate: gate.files("mlmd-1"),
}


def own(gate, certified):
    return gate.files("mlmd-1") | {"tls-device.der": certified.der, "tls-key.der": certified.key_der()}


@pytest.mark.parametrize("how", REFUSED)
def test_nothing_is_said_to_or_by_the_wrong_one(build, gate, how):
    files = REFUSED[how](gate)

    def edit(config):
        config = as_told(config) if files else config
        if "name" in how and "mqtt" in config:
            config["mqtt"]["host"] = "another.gridtide.test"
        return config

    town = build(gate, files or {}, edit)
    town.play(200)
    assert gate.counts["handshakes"] == 0
    assert gate.counts["refused"] > 5  # it goes on trying
    assert town.broker.retained == {}, "it says that it is online first of all"
    town.lock_out({"mlmd-1"})
    town.play(201)
    assert town.switched("mlmd-1", BREAKER_PIN)[-1] == (200, 0)


def test_a_file_that_is_missing_is_named(build, gate):
    files = gate.files("mlmd-1")
    del files["tls-key.der"]
    town = build(gate, files)
    with pytest.raises(ParticipantDied, match=r"tls-key\.der is missing on the flash"):
        town.play(10)


def test_the_breaker_acts_in_the_middle_of_a_handshake(build, gate):
    town = build(Silent(), gate.files("mlmd-1"))
    for at_s in range(5, 65, 3):  # every phase of handshakes that never end, and of the pauses between them
        town.play(at_s)
        town.lock_out({"mlmd-1"} if at_s % 2 else set())
        town.play(at_s + 1)
        assert town.switched("mlmd-1", BREAKER_PIN)[-1] == (at_s, 1 - at_s % 2)


# -- a real broker --------------------------------------------------------------------------------


@pytest.fixture
def mosquitto(tmp_path):
    server = TlsBroker(tmp_path)
    server.start()
    yield server
    server.remove()


def put(folder, files):
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def files_of(broker, certified, believed=None):
    ca = (believed or broker.authority).der
    return {"tls-ca.der": ca, "tls-device.der": certified.der, "tls-key.der": certified.key_der()}


TOPIC = f"gridtide/v1/{AREA.hex()}/{MLMD.hex()}"
LET_IN = "taken True\n" * 3 + "[(True, 5), (True, 900), (True, 4)]\n"
SENT_AWAY = "not let in\n[]\n"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_mosquitto_lets_a_device_in(mosquitto, tmp_path, host):
    files = files_of(mosquitto, for_client(mosquitto.authority, MLMD.hex()))
    folder = put(tmp_path / "flash", files)
    assert micropython("mqtt_tls.py", str(folder), host, str(mosquitto.port), TOPIC) == LET_IN


AWAY = {
    "in the clear": lambda broker: {},
    "certified by another authority": lambda broker: files_of(broker, for_client(STRANGER, MLMD.hex())),
    "believing another authority": lambda broker: files_of(
        broker, for_client(broker.authority, MLMD.hex()), believed=STRANGER
    ),
}


@pytest.mark.parametrize("how", AWAY)
def test_mosquitto_sends_it_away(mosquitto, tmp_path, how):
    folder = put(tmp_path / "flash", AWAY[how](mosquitto))
    assert micropython("mqtt_tls.py", str(folder), "localhost", str(mosquitto.port), TOPIC) == SENT_AWAY


def test_a_broker_of_another_name_is_left(mosquitto, tmp_path):
    folder = put(tmp_path / "flash", files_of(mosquitto, for_client(mosquitto.authority, MLMD.hex())))
    assert micropython("mqtt_tls.py", str(folder), "127.0.0.2", str(mosquitto.port), TOPIC) == SENT_AWAY


# -- the clock ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("begin", "told"), [(certificates.BEGIN, LET_IN), (datetime(2001, 1, 1), SENT_AWAY)])
def test_a_board_whose_clock_nobody_has_set_gets_in(tmp_path, monkeypatch, begin, told):
    """It believes that it is 2000-01-01, and mbedTLS looks at the dates of certificates."""
    monkeypatch.setattr(certificates, "BEGIN", begin)
    broker = TlsBroker(tmp_path)
    folder = put(tmp_path / "flash", files_of(broker, for_client(broker.authority, MLMD.hex())))
    monkeypatch.setattr(interpreter, "command", hooked.command)
    monkeypatch.setenv("BOARD_CLOCK_S", str(int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())))
    broker.start()
    try:
        assert micropython("mqtt_tls.py", str(folder), "localhost", str(broker.port), TOPIC) == told
    finally:
        broker.remove()
