"""Services on granted time: their asyncio, their MQTT through the tap, and their end."""

import pytest

from hil.broker import Broker
from hil.errors import ParticipantDied
from hil.grant import Coordinator
from hil.service import Service
from hil.tap import Tap
from tests.hil.emulated import START_MS
from tests.hil.test_tap import Client


class House:
    """A broker, a tap and talkers (see talker.py)."""

    def __init__(self, folder):
        self.folder = folder
        self.time, self.tap = Coordinator(START_MS), Tap()
        self.time.exchange = self.tap.exchange
        self.broker = Broker("amqtt", folder, folder / "broker.log")
        self.broker.start()
        self.tap.address = self.broker.address
        self.services = []

    def talker(self, name, config=None):
        mqtt_path, file = self.folder / f"{name}.sock", self.folder / f"{name}.config"
        file.write_text(config or f"unix:{mqtt_path}")
        service = Service(name, "tests.hil.talker", file, self.folder / f"{name}.log", mqtt_path, self.time, self.tap)
        service.open_port()
        service.start()
        self.services.append(service)
        self.time.members.append(service)
        return service

    def run(self, seconds):
        self.time.run_until(self.time.now_ms + seconds * 1000)

    def stop(self):
        for service in self.services:
            service.stop()
        self.broker.kill()


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.stop()


def test_services_answer_in_virtual_time(house):
    names = ["one", "two", "three"]
    for name in names:
        house.talker(name)
    house.run(1)
    reader = Client(house.tap, "reader")
    reader.subscribe("from/+")
    house.tap.exchange()
    big = bytes(3_000_000)
    for name in names:
        house.tap.inject(f"to/{name}", b"hello")
    house.tap.inject("to/two", big)
    house.tap.exchange()
    house.run(59)
    assert reader.messages() == []
    house.run(1)
    said = b"%d " % (START_MS + 61_000)
    answers = [("from/one", said + b"hello"), ("from/three", said + b"hello")]
    answers += [("from/two", said + b"hello"), ("from/two", said + big)]
    assert sorted(reader.messages()) == sorted(answers)
    assert house.tap.debts_forgiven == 0
    printed = (house.folder / "one.log").read_text().split()
    assert printed == [f"{START_MS / 1000 + 61:.3f}", "61.000", "5"]


def test_a_service_finds_a_restarted_broker_again(house):
    service = house.talker("one")
    house.run(1)
    house.broker.kill()
    house.tap.broker_down()
    service.close_port()
    house.run(100)
    assert house.tap.inject("to/one", b"lost") is False
    house.broker.start()
    house.tap.address = house.broker.address
    service.open_port()
    house.run(60)
    reader = Client(house.tap, "reader")
    reader.subscribe("#")
    house.tap.exchange()
    house.tap.inject("to/one", b"back")
    house.tap.exchange()
    house.run(61)
    assert [payload.split()[1] for topic, payload in reader.messages() if topic == "from/one"] == [b"back"]


def test_a_service_that_ends_fails_the_run_with_its_last_words(house):
    house.talker("one", "crash")
    with pytest.raises(ParticipantDied, match=r"(?s)one ended by itself \(status 1\).*as planned"):
        house.run(1)
