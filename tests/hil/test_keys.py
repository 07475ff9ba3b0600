"""
Keys change and end on emulated boards, through radio, broker, aggregator and ledger: a meter and an M-LMD rotate on the
operator's order, another meter is revoked. Every invariant of the day holds, and what was signed before still verifies.
"""

import json
import sqlite3
from hashlib import sha256

import pytest
from nacl.signing import SigningKey

from chain.ed25519 import verify
from chain.embedded import load_state
from chain.genesis import Genesis
from chain.keys import keys_of
from chain.ledger_file import LedgerFile
from deploy.operator import Operator
from hil.options import Options
from hil.provision import transactions
from hil.report import build
from hil.run import Run
from wire import cose, kind, message, reading, topics
from wire.interval import WINDOW_S

ORDER_S, MLMD_ORDER_S, REVOKE_S = 1000, 1300, 2500
ENDED, ROTATED = "meter-03", ("meter-01", "mlmd-1")


class KeysRun(Run):
    """An hour and a half in which the operator orders two rotations and ends a meter."""

    def _start(self) -> None:
        super()._start()
        operator = self.network.operator
        self.operator = Operator(self.network.network_id, SigningKey(operator.seed))
        self.ids = {name: holder.id for name, holder in self.network.devices.items()}
        self._at(ORDER_S, lambda: self._order("meter-01"))
        self._at(MLMD_ORDER_S, lambda: self._order("mlmd-1"))
        self._at(REVOKE_S, self._revoke)

    def _at(self, after_s: int, action) -> None:
        self.time.at((self.options.start_s + after_s) * 1000, action)

    def _order(self, name: str) -> None:
        order = self.operator.order_rotation(self.ids[name], self.time.now_ms // 1000)
        topic = topics.of_device(self.network.aggregator.id, self.ids[name], topics.ORDER)
        assert self.tap.inject(topic, order)

    def _revoke(self) -> None:
        own = self.network.operator.id
        last = sum(cose.open_envelope(one).signer_id == own for one in transactions(self.network))
        self.tap.inject(topics.SUBMIT, self.operator.revoke(last + 1, self.ids[ENDED], "stolen"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    played = KeysRun(Options(meters=4, mlmds=2, hours=1.5, start="11:00", out=folder, tls=False), id)
    played.play()
    return played


@pytest.fixture(scope="module")
def state(run):
    services = run.out / "services"
    file = LedgerFile(services / "ledger.sqlite", is_writing=False)
    yield load_state(file, Genesis.load(services / "genesis.toml"))
    file.close()


def readings_of(run, name: str) -> list[tuple[bytes, int, int]]:
    """(as signed, start_s, received_s) of what the aggregator took of a device."""
    store = sqlite3.connect(run.out / "services" / "store.sqlite")
    rows = store.execute(
        "SELECT data, window_start_s, received_ms / 1000 FROM readings WHERE device_id = ? ORDER BY window_start_s",
        (run.ids[name],),
    )
    return rows.fetchall()


def keys_that_verify(run, keys: list[bytes], data: bytes) -> list[int]:
    envelope = cose.open_envelope(data)
    assert envelope.kind == kind.READING and message.decode(reading.LAYOUT, envelope.payload)
    signed = cose.signature_input(envelope.protected, envelope.payload, run.network.network_id)
    return [number for number, key in enumerate(keys) if verify(key, signed, envelope.signature)]


def test_every_invariant_holds(run):
    assert build(run.evidence, run.out), json.loads((run.out / "report.json").read_text())["invariants"]
    refused = json.loads((run.evidence / "aggregator.json").read_text())["refused"]
    assert refused["revoked"] > 0 and "bad_signature" not in refused, "in a change of keys both are taken"


@pytest.mark.parametrize("name", ROTATED)
def test_a_rotation_changes_the_key_at_one_window_and_no_reading_is_lost(run, state, name):
    keys = [period.public_key for period in keys_of(state, run.ids[name])]
    assert keys[0] == run.network.devices[name].public_key and len(keys) == 2
    rows = readings_of(run, name)
    windows = [start_s for _, start_s, _ in rows]
    assert windows == list(range(run.options.start_s, run.end_s, WINDOW_S))
    used = [keys_that_verify(run, keys, data) for data, _, _ in rows]
    assert used == [[0], [1], [1], [1], [1], [1]], "the order came in the second window"
    seed = json.loads((run.evidence / "devices.json").read_text())
    assert next(one for one in seed if one["name"] == name)["boots"] == 1, "it goes on without a restart"


def test_a_revoked_meter_is_refused_within_one_block_and_its_past_still_verifies(run, state):
    periods = keys_of(state, run.ids[ENDED])
    assert len(periods) == 1 and periods[0].until_interval is not None
    rows = readings_of(run, ENDED)
    assert [start_s - run.options.start_s for _, start_s, _ in rows] == [0, WINDOW_S]
    assert all(keys_that_verify(run, [periods[0].public_key], data) == [0] for data, _, _ in rows)
    booked = {int.from_bytes(key[:4], "big") for key, _ in state.books.items() if key[4:] == run.ids[ENDED]}
    assert booked == {run.options.start_s // 1800}
    ledger = json.loads((run.evidence / "ledger.json").read_text())
    late = [one for one in ledger["decisions"] if one["device_id"] == run.ids[ENDED].hex()]
    assert all(one["interval"] <= periods[0].until_interval for one in late), "nothing is decided for it"
    roots = {sha256(data).hexdigest() for data, _, _ in rows}
    device = next(one for one in json.loads((run.evidence / "devices.json").read_text()) if one["name"] == ENDED)
    assert len(device["signed"]) > len(roots), "it goes on signing, and nobody takes it"
