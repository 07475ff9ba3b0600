"""A meter changes its key: made on it, announced by the old one, and not a reading is lost."""

import json
from itertools import pairwise

from hil import images
from hil.identity import verify
from tests.firmware.micropython import micropython
from tests.firmware.neighbourhood import Neighbourhood
from wire import cose, message, rotation, topics
from wire.errors import WireError

ASK = """
import time
import provisioning
provisioning.change_key()
while True:
    time.sleep(3600)
"""
LOOK = """
import json, os, time, provisioning
names = sorted(os.listdir("state"))
out = {"public_key": provisioning.public_key(), "names": names, "key_size": len(provisioning.read("key.bin"))}
print(json.dumps(out))
while True:
    time.sleep(3600)
"""


class Ledger:
    """Stands for aggregator and ledger: takes a Rotation some time after it was announced."""

    def __init__(self, street: Neighbourhood, name: str) -> None:
        self._street, self._aggregator = street, street.aggregator
        self.identity = street.network.devices[name]
        self.key = self.identity.public_key
        self.heard: list[bytes] = []
        self.refused = 0
        self.is_slow = True
        self._take = street.aggregator.take
        street.broker.on_publish = self.take
        street.aggregator._open = self.open

    def take(self, topic: str, payload: bytes) -> None:
        device_id, leaf = topics.device_of(topic)
        if leaf == "rotation":
            assert device_id == self.identity.id
            self.heard.append(payload)
            if not self.is_slow:
                self.apply(payload)
            return
        try:
            self._take(topic, payload)
        except WireError:
            self.refused += 1

    def apply(self, data: bytes) -> None:
        envelope = cose.open_envelope(data)
        wanted = message.decode(rotation.LAYOUT, envelope.payload)
        assert envelope.signer_id == wanted.subject_id == self.identity.id
        if wanted.public_key != self.key:
            cose.check_signature(envelope, self.key, self._street.network.network_id, verify)
            self.key = wanted.public_key

    def open(self, kind_number, layout, data):
        keys = {device.id: device.public_key for device in self._street.network.devices.values()}
        keys[self.identity.id] = self.key
        return message.open_as(kind_number, layout, data, keys.get, self._street.network.network_id, verify)


def run_script(street: Neighbourhood, name: str, text: str, folder, seconds: int = 5) -> str:
    """Another program on the board of `name` for some seconds, as somebody at its serial line would run it."""
    device = street.devices[name]
    device.power_off()
    script, before = folder / "script.py", device.board.main
    script.write_text(text)
    device.board.main, device.board.paths = script, (*device.board.paths, images.FIRMWARE)
    said = device.board.log.stat().st_size if device.board.log.exists() else 0
    device.power_on()
    street.play(street.time.now_ms // 1000 - street.begin_s + seconds)
    device.power_off()
    device.board.main, device.board.paths = before, device.board.paths[:-1]
    return device.board.log.read_text()[said:]


def test_a_meter_changes_its_key(tmp_path):
    street = Neighbourhood(tmp_path, 36_000)
    ledger = Ledger(street, "meter-01")
    street.start()
    street.play(1000)
    assert not ledger.heard
    run_script(street, "meter-01", ASK, tmp_path)
    street.devices["meter-01"].power_on()
    street.play(2200)  # the ledger has not taken it: what the new key signs is refused, and offered again
    assert ledger.heard and ledger.refused
    assert len(set(ledger.heard)) == 1 and ledger.key == ledger.identity.public_key
    ledger.is_slow = False
    street.play(4000)
    assert ledger.key != ledger.identity.public_key
    told = len(ledger.heard)
    street.play(5000)
    assert len(ledger.heard) == told, "once it is acknowledged it is not said again"
    kept = json.loads(run_script(street, "meter-01", LOOK, tmp_path).strip().splitlines()[-1])
    street.stop()
    assert kept["public_key"] == ledger.key.hex()
    assert not {"rekey", "next_key", "rotation"} & set(kept["names"])
    windows = [one.start_s for one in street.aggregator.records("meter-01")]
    assert sorted(set(windows)) == windows and len(windows) >= 5
    for before, after in pairwise(windows):
        assert after - before <= 900, "a window is missing"


def test_power_cut_at_every_write_of_a_change_of_keys():
    cuts = int(micropython("rekey_cut.py").splitlines()[-1].split()[0])
    assert cuts >= 20
