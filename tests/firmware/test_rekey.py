"""Devices change their keys: made there, announced by the old one, in use when the ledger has it; nothing is lost."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from hil import images
from hil.identity import Identity, verify
from tests.firmware.micropython import micropython
from tests.firmware.neighbourhood import Neighbourhood
from wire import command, cose, key_notice, kind, message, receipt, rotation, topics
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
book = json.loads(provisioning.read("state/keys") or b"{}")
out = {"public_key": provisioning.public_key(), "names": names, "book": book}
print(json.dumps(out))
while True:
    time.sleep(3600)
"""


class Ledger:
    """Stands for aggregator and ledger: takes Rotations, some time after they are announced, and tells of them."""

    def __init__(self, street: Neighbourhood) -> None:
        self._street, self._aggregator = street, street.aggregator
        self.devices = street.network.devices
        self.keys = {device.id: [device.public_key] for device in self.devices.values()}
        self.heard: list[bytes] = []
        self.under: list[tuple[bytes, int]] = []  # who signed a reading, with which of its keys
        self.is_slow = False
        self._take = street.aggregator.take
        street.broker.on_publish = self.take
        street.aggregator._open = self.open

    def take(self, topic: str, payload: bytes) -> None:
        device_id, leaf = topics.device_of(topic)
        if leaf == "rotation":
            self.heard.append(payload)
            if not self.is_slow:
                self.apply(payload, device_id)
            return
        self._take(topic, payload)

    def apply(self, data: bytes, device_id: bytes) -> None:
        envelope = cose.open_envelope(data)
        wanted = message.decode(rotation.LAYOUT, envelope.payload)
        network_id, keys = self._street.network.network_id, self.keys[device_id]
        assert envelope.signer_id == wanted.subject_id == device_id
        if wanted.public_key != keys[-1]:
            cose.check_signature(envelope, keys[-1], network_id, verify)
            said = rotation.possession(network_id, wanted.subject_id, wanted.public_key)
            assert verify(wanted.public_key, said, wanted.proof)
            keys.append(wanted.public_key)
        self.tell(device_id)

    def tell(self, device_id: bytes, signer: Identity | None = None, number: int | None = None) -> None:
        """As aggregator/notices.py does it: to a meter, or to all M-LMDs of an M-LMD."""
        names = [name for name, device in self.devices.items() if device.id == device_id]
        to = [name for name in self.devices if name.startswith("mlmd")] if names[0].startswith("mlmd") else names
        keys, own = self.keys[device_id], signer or self._street.network.aggregator
        fields = (len(keys) if number is None else number, device_id, keys[-1])
        network_id = self._street.network.network_id
        said = message.seal(key_notice.KIND, key_notice.LAYOUT, fields, own.id, network_id, own.sign)
        for name in to:
            area_id = self._street.network.aggregator.id
            self._street.broker.publish(topics.of_device(area_id, self.devices[name].id, "command"), said)

    def open(self, kind_number, layout, data):
        """Under any key its device had so far."""
        signer_id = cose.open_envelope(data).signer_id
        for number, key in enumerate(self.keys[signer_id]):
            try:
                opened = message.open_as(
                    kind_number, layout, data, lambda _, key=key: key, self._street.network.network_id, verify
                )
            except WireError:
                continue
            if kind_number == kind.READING:
                self.under.append((signer_id, number))
            return opened
        raise AssertionError("signed with a key that nobody knows")

    def used(self, name: str) -> list[int]:
        """With which of its keys a device signed its readings, in their order."""
        return [number for device_id, number in self.under if device_id == self.devices[name].id]


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


def look(street: Neighbourhood, name: str, folder) -> dict:
    return json.loads(run_script(street, name, LOOK, folder).strip().splitlines()[-1])


def assert_whole(street: Neighbourhood, name: str, count: int) -> None:
    windows = [one.start_s for one in street.aggregator.records(name)]
    assert sorted(set(windows)) == windows and len(windows) >= count
    for before, after in pairwise(windows):
        assert after - before <= 900, "a window is missing"


@pytest.mark.parametrize("how", ["by command", "over the serial line"])
def test_a_meter_changes_its_key(how, tmp_path):
    street = Neighbourhood(tmp_path, 36_000)
    ledger, meter = Ledger(street), street.network.devices["meter-01"]
    ledger.is_slow = True
    street.start()
    street.play(1000)
    assert not ledger.heard
    if how == "by command":
        street.aggregator.command("meter-01", command.ROTATE_KEY, 0)
    else:
        run_script(street, "meter-01", ASK, tmp_path)
        street.devices["meter-01"].power_on()
    street.play(2800)  # the ledger has not taken it: the key until now is in use
    assert len(ledger.heard) >= 5 and len(set(ledger.heard)) == 1
    assert set(ledger.used("meter-01")) == {0}
    ledger.is_slow = False
    street.play(4600)
    assert len(ledger.keys[meter.id]) == 2
    assert ledger.used("meter-01") == sorted(ledger.used("meter-01")) and ledger.used("meter-01")[-1] == 1
    told = len(ledger.heard)
    ledger.tell(meter.id, number=99)  # again, as after the aggregator's restart
    street.play(5600)
    assert len(ledger.heard) == told, "once it is in force it is not said again"
    assert not street.aggregator.told(), "the M-LMD still believes its meter: no fault"
    kept, book = look(street, "meter-01", tmp_path), look(street, "mlmd-1", tmp_path)["book"]
    street.stop()
    assert kept["public_key"] == ledger.keys[meter.id][-1].hex() == book[meter.id.hex()][1]
    assert not {"rekey", "next_key"} & set(kept["names"])
    assert_whole(street, "meter-01", 6)


def test_an_mlmd_changes_its_key_and_is_still_believed(tmp_path):
    street = Neighbourhood(tmp_path, 36_000, mlmds=2)
    ledger, mlmd = Ledger(street), street.network.devices["mlmd-1"]
    mine = [site.name for site in street.network.meters if site.mlmd == "mlmd-1"]
    street.start()
    street.play(1000)
    street.devices[mine[0]].power_off()  # one of its meters misses the notice
    street.aggregator.command("mlmd-1", command.ROTATE_KEY, 0)
    street.play(1300)
    assert len(ledger.keys[mlmd.id]) == 2
    street.devices[mine[0]].power_on()  # and must be told the time, under the new key
    street.play(4000)
    assert ledger.used("mlmd-1")[-1] == 1
    street.devices["mlmd-1"].power_off()
    street.devices["mlmd-1"].power_on()
    street.play(6400)
    new = ledger.keys[mlmd.id][-1].hex()
    others = [*mine, "mlmd-2"]
    books = {name: look(street, name, tmp_path)["book"] for name in others}
    assert {name: book[mlmd.id.hex()][1] for name, book in books.items()} == dict.fromkeys(others, new)
    street.stop()
    for name in ("mlmd-1", "mlmd-2", *mine):
        assert_whole(street, name, 5)


def test_an_area_gets_another_aggregator(tmp_path):
    """By the operator's word alone; a meter that was off hears it when it offers again what was acknowledged."""
    street = Neighbourhood(tmp_path, 36_000)
    network, aggregator = street.network, street.aggregator
    successor, area_id = Identity.of(9, "successor"), network.aggregator.id
    street.start()
    street.play(1000)
    aggregator.command("meter-01", command.RELAY, 1)
    street.devices["meter-02"].power_off()
    street.play(1100)

    def tell(name: str, signer: Identity, number: int) -> None:
        fields = (number, area_id, successor.public_key)
        said = message.seal(key_notice.KIND, key_notice.LAYOUT, fields, signer.id, network.network_id, signer.sign)
        street.broker.publish(topics.of_device(area_id, network.devices[name].id, "command"), said)

    tell("mlmd-1", network.aggregator, 5)  # no aggregator names its own successor
    tell("mlmd-1", successor, 5)
    street.play(1900)
    assert aggregator.readings, "the aggregator before is still believed"
    tell("mlmd-1", network.operator, 5)
    street.play(1950)
    # From now on only who has the successor's key is believed, under the area's name.
    as_area = Identity.of(9, "successor")
    vars(as_area)["id"] = area_id
    aggregator.network = replace(network, aggregator=as_area)
    aggregator.sequence = 0
    aggregator.command("meter-01", command.RELAY, 0)  # numbers begin anew
    street.devices["meter-02"].power_on()
    street.play(2800)
    tell("meter-02", network.operator, 5)
    street.play(4600)
    assert [one.outcome for one in aggregator.receipts] == [receipt.OBEYED] * 2
    street.stop()
    waiting = {
        name: found["counters"]["readings_signed"] - found["counters"]["readings_acknowledged"]
        for name, found in street.on_flash().items()
    }
    assert all(count <= 1 for count in waiting.values()), waiting
    assert_whole(street, "mlmd-1", 5)


def test_notices_that_are_not_believed(tmp_path):
    """Forged ones, one of a key the meter never made, and old ones that would bring a former key back."""
    street = Neighbourhood(tmp_path, 36_000)
    ledger, devices = Ledger(street), street.network.devices
    street.start()
    street.play(1000)
    street.aggregator.command("mlmd-1", command.ROTATE_KEY, 0)
    street.play(1300)
    mlmd, meter = devices["mlmd-1"].id, devices["meter-01"].id
    new = list(ledger.keys[mlmd])
    stolen = Identity.of(9, "thief")
    ledger.keys[mlmd] = [stolen.public_key]
    ledger.tell(mlmd, devices["mlmd-1"], 50)  # signed by the M-LMD itself
    ledger.tell(mlmd, stolen, 51)
    ledger.keys[mlmd] = new[:1]
    ledger.tell(mlmd, number=1)  # the key before, as told before
    ledger.keys[meter].append(stolen.public_key)
    ledger.tell(meter)
    ledger.keys[meter].pop()
    ledger.keys[mlmd] = new
    street.play(3000)
    book = look(street, "meter-01", tmp_path)["book"]
    street.stop()
    assert book[mlmd.hex()][1] == new[-1].hex()
    assert set(ledger.used("meter-01")) == {0} and ledger.used("mlmd-1")[-1] == 1


def test_power_cut_at_every_write_of_a_change_of_keys():
    by_radio, by_wire = (int(line.split()[0]) for line in micropython("rekey_cut.py").splitlines() if "cuts" in line)
    assert by_radio >= 16 and by_wire >= 20
