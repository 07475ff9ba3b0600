"""`gridtide key` against a full node behind real brokers: it finds its nonce itself, and says what the ledger did."""

import threading
from hashlib import sha256

import paho.mqtt.client as paho
import pytest
from nacl.signing import SigningKey
from paho.mqtt.enums import CallbackAPIVersion
from typer import Typer
from typer.testing import CliRunner

from chain.ed25519 import verify
from chain.embedded import load_state
from chain.genesis import Genesis
from chain.keys import keys_of
from chain.ledger_file import LedgerFile
from deploy import keys_cli
from deploy.ledger import connect, next_nonce_in
from deploy.operator import NOBODY, Operator
from tests.aggregator.area import NETWORK, ident, signer
from tests.cloud.test_service import Process
from tests.link.broker import Broker
from wire import command, cose, key_notice, message, registration, rotation, topics

OPERATOR = Operator(NETWORK, SigningKey(sha256(b"operator").digest()))
app = Typer()
app.add_typer(keys_cli.key, name="key")


@pytest.fixture(params=["mosquitto", "amqtt"])
def node(request, tmp_path):
    """A full node behind a broker, which knows an area and two meters' M-LMDs; and what every command is told."""
    broker = Broker(tmp_path, request.param)
    broker.start()
    cloud = Process(tmp_path, broker)
    cloud.start()
    key = tmp_path / "operator.key"
    key.write_text(bytes(OPERATOR.key).hex())
    common = ["--network", NETWORK.hex(), "--operator-key", str(key), "--broker", broker.address]
    try:
        with connect(broker.address) as line:
            area = signer("aggregator").public_key
            line.hand_in(OPERATOR.register(1, registration.AGGREGATOR, area, NOBODY, ident("aggregator"), 0))
            for nonce, name in enumerate(("mlmd-1", "mlmd-2"), start=2):
                own = signer(name).public_key
                line.hand_in(OPERATOR.register(nonce, registration.MLMD, own, NOBODY, ident("aggregator"), 0))
        yield tmp_path, broker, common
    finally:
        cloud.kill()
        broker.remove()


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["key", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def state_of(folder):
    file = LedgerFile(folder / "ledger.sqlite", is_writing=False)
    state = load_state(file, Genesis.load(folder / "genesis.toml"))
    file.close()
    return state


class Device:
    """An aggregator and a device in one, behind the same broker: an order makes it announce its next key."""

    def __init__(self, broker: Broker, name: str) -> None:
        host, _, port = broker.address.rpartition(":")
        self._name = name
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "device")
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._obey
        self._client.connect(host, int(port))
        self._client.loop_start()
        self._client.subscribe(topics.of_device(ident("aggregator"), ident(name), topics.ORDER), 1)
        assert self._ready.wait(20)

    def _obey(self, client, _, said) -> None:
        order = message.decode(command.LAYOUT, cose.open_envelope(said.payload).payload)
        assert (order.device_id, order.action) == (ident(self._name), command.ROTATE_KEY)
        own, following = signer(self._name), signer("next")
        proof = following.sign(rotation.possession(NETWORK, own.identity, following.public_key))
        fields = (order.not_before_s, own.identity, following.public_key, proof)
        signed = message.seal(rotation.KIND, rotation.LAYOUT, fields, own.identity, NETWORK, own.sign)
        client.publish(topics.SUBMIT, signed, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def test_a_grid_begins_with_its_services_and_users(node):
    folder, _, common = node
    for role, number in (("cloud", registration.CLOUD), ("user", registration.USER), ("aggregator", 4)):
        public = run("new", str(folder / f"{role}.seed")).strip()
        said = run("register", "--role", role, "--public-key", public, *common)
        own = sha256(bytes.fromhex(public)).digest()[:8]
        assert "applied by the ledger" in said and own.hex() in said
        subject = state_of(folder).subjects.get(own)
        assert (subject.role, subject.area_id) == (number, own if role == "aggregator" else NOBODY)
    assert "one of user" in run("register", "--role", "meter", "--public-key", public, *common, status=1)


def test_keys_are_changed_and_ended_over_a_broker(node):
    folder, broker, common = node
    device = Device(broker, "mlmd-1")
    try:
        area = ["--area", ident("aggregator").hex()]
        said = run("rotate", "--device", ident("mlmd-1").hex(), *area, *common)
    finally:
        device.close()
    assert signer("next").public_key.hex() in said
    spare = signer("spare").public_key
    said = run("rotate", "--device", ident("mlmd-2").hex(), "--public-key", spare.hex(), *common)
    assert "applied by the ledger" in said
    ended = ["--device", ident("mlmd-1").hex(), "--reason", "stolen"]
    assert "applied by the ledger" in run("revoke", *ended, *common), "its nonce is the ledger's next"
    assert "status 141" in run("revoke", *ended, *common, status=1), "it is revoked already"
    state = state_of(folder)
    keys = [one.public_key for one in keys_of(state, ident("mlmd-1"))]
    assert keys == [signer("mlmd-1").public_key, signer("next").public_key] and ident("mlmd-1") in state.revoked
    assert state.subjects.get(ident("mlmd-2")).public_key == spare
    # Off line: the ledger's file tells the nonce, too.
    assert next_nonce_in(folder / "ledger.sqlite", OPERATOR.id) == 5
    out = folder / "revocation"
    offline = [*common[:-2], "--ledger", str(folder / "ledger.sqlite"), "--out", str(out)]
    run("revoke", "--device", ident("mlmd-2").hex(), *offline)
    with connect(broker.address) as line:
        line.hand_in(out.read_bytes())
    assert ident("mlmd-2") in state_of(folder).revoked


def test_an_area_is_given_to_another_aggregator(tmp_path):
    key, out, notice = (tmp_path / name for name in ("operator.key", "registration", "notice"))
    key.write_text(bytes(OPERATOR.key).hex())
    area_id, following = ident("aggregator"), signer("aggregator-2").public_key
    own = ["--network", NETWORK.hex(), "--operator-key", str(key), "--nonce", "3", "--out", str(out)]
    run("area", "--area", area_id.hex(), "--public-key", following.hex(), "--notice", str(notice), *own)
    found = message.decode(registration.LAYOUT, cose.open_envelope(out.read_bytes()).payload)
    assert (found.role, found.area_id, found.public_key) == (registration.AGGREGATOR, area_id, following)
    word = cose.open_envelope(notice.read_bytes())
    cose.check_signature(word, bytes(OPERATOR.key.verify_key), NETWORK, verify)
    said = message.decode(key_notice.LAYOUT, word.payload)
    assert (said.subject_id, said.public_key) == (area_id, following) and len(notice.read_bytes()) <= 250


@pytest.mark.parametrize(
    "arguments",
    [
        ("revoke", "--device", "00" * 8, "--network", "11" * 8, "--operator-key", "KEY", "--out", "OUT"),  # no nonce
        ("revoke", "--device", "00" * 8, "--network", "11" * 8, "--operator-key", "KEY", "--ledger", "OUT"),
        ("revoke", "--device", "00" * 8, "--network", "11" * 8, "--operator-key", "KEY", "--broker", "127.0.0.1:1"),
        ("rotate", "--device", "00" * 8, "--network", "11" * 8, "--operator-key", "KEY"),
        ("rotate", "--device", "00" * 8, "--network", "11" * 8, "--operator-key", "KEY", "--area", "22" * 8),
    ],
)
def test_what_is_missing_is_said(arguments, tmp_path):
    key = tmp_path / "operator.key"
    key.write_text(bytes(OPERATOR.key).hex())
    places = {"KEY": str(key), "OUT": str(tmp_path / "out")}
    said = run(*(places.get(one, one) for one in arguments), status=1)
    assert said.startswith(f"gridtide key {arguments[0]}: ") and not (tmp_path / "out").exists()
