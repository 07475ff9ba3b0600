"""A board gets its key on itself, over a serial line that is none; nobody else sees it. Then what the CLI signs."""

import json
from hashlib import sha256

import pytest
from cryptography import x509
from nacl.signing import SigningKey
from typer import Typer
from typer.testing import CliRunner

from chain.ed25519 import verify
from chain.genesis import Genesis
from chain.state import State
from chain.transition import apply_block
from deploy import keys_cli
from deploy.certificates import authority
from deploy.errors import ProvisionError
from deploy.operator import NOBODY, Operator, require_sound
from deploy.provision import Label, SerialLine, config_of
from deploy.slots import Trust
from hil import images
from tests.deploy.serial_board import SerialBoard
from wire import cose, message, registration

NETWORK = b"test-net"
OPERATOR = SigningKey(sha256(b"operator").digest())
AREA = SigningKey(sha256(b"area").digest())
TEMPLATE = {
    "role": "mlmd",
    "name": "mlmd-7",
    "board": "esp32_devkit",
    "network_id": NETWORK.hex(),
    "area_id": sha256(bytes(AREA.verify_key)).hexdigest()[:16],
    "aggregator_public_key": bytes(AREA.verify_key).hex(),
}
SECURE = {"mqtt": {"host": "broker.example", "port": 8883, "tls": True}}
app = Typer()
app.command("provision")(keys_cli.provision)
app.add_typer(keys_cli.key, name="key")


@pytest.fixture
def board(tmp_path):
    """A board with the firmware's sources on it and neither key nor config."""
    image = tmp_path / "flash.img"
    names = [path for path in images.FIRMWARE.glob("*.py") if path.stem.startswith(("crypto", "ed25519", "sha512"))]
    files = {path.name: path.read_bytes() for path in (*names, images.FIRMWARE / "provisioning.py")}
    images.make({image: files}, tmp_path)
    serial = SerialBoard(image, tmp_path, lambda: b"")
    yield serial
    serial.close()


@pytest.fixture
def operator_key(tmp_path):
    path = tmp_path / "operator.key"
    path.write_text(bytes(OPERATOR).hex())
    return path


def run(*arguments) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def ledger() -> tuple[State, Operator]:
    """A ledger that knows the area."""
    genesis = Genesis(NETWORK, bytes(OPERATOR.verify_key), start_interval=980_000)
    state, operator = State.begin(genesis), Operator(NETWORK, OPERATOR)
    area = bytes(AREA.verify_key)
    own = operator.register(1, registration.AGGREGATOR, area, NOBODY, sha256(area).digest()[:8], 0)
    assert not any(apply_block(state, [own]).statuses)
    return state, operator


def test_a_board_is_provisioned(board, operator_key, tmp_path):
    config, out, label = tmp_path / "config.json", tmp_path / "registration.bin", tmp_path / "label.svg"
    config.write_text(json.dumps(TEMPLATE | SECURE))
    ca = authority("a grid")
    ca.write(tmp_path, "ca")
    told = run(
        *("provision", "--port", board.port, "--config", config, "--operator-key", operator_key),
        *("--nonce", 2, "--out", out, "--label", label),
        *("--tls-ca", tmp_path / "ca.pem", "--tls-ca-key", tmp_path / "ca.key"),
    )
    signed = out.read_bytes()
    found = message.decode(registration.LAYOUT, cose.open_envelope(signed).payload)
    device_id = sha256(found.public_key).digest()[:8]
    assert found.subject_id == device_id and device_id.hex() in told and "<svg" in label.read_text()
    peer = json.loads(told.split("name it: ")[1])
    assert peer == {"id": device_id.hex(), "public_key": found.public_key.hex(), "mac": "020000000001"}
    state, _ = ledger()
    assert [status.name for status in apply_block(state, [signed]).statuses] == ["APPLIED"]
    # The secret is on the board alone, and it is the one that was enrolled.
    line = SerialLine(board.port)
    assert line.public_key() == found.public_key, "asked again, it is the same"
    seed = bytes.fromhex(line.say("exec", "print(open('key.bin', 'rb').read().hex())").strip())
    assert bytes(SigningKey(seed).verify_key) == found.public_key
    kept = json.loads(line.say("fs", "cat", ":/config.json"))
    assert kept["device_id"] == device_id.hex()
    assert kept["operator_public_key"] == bytes(OPERATOR.verify_key).hex(), "who may name another aggregator"
    assert_certified(line, ca, device_id)
    for path in tmp_path.iterdir():
        if path.name != "flash.img" and path.is_file():
            assert seed not in path.read_bytes() and seed.hex() not in path.read_text(errors="replace")
    assert seed.hex() not in told


def assert_certified(line, ca, device_id):
    """The authority says that who has the key on the board is this device; MicroPython on the board takes both."""
    script = "import tls; tls.SSLContext(0).load_cert_chain(*[open('tls-%s.der' % name, 'rb').read() for name in {}]); "
    script += "print(open('tls-device.der', 'rb').read().hex())"
    shown = x509.load_der_x509_certificate(bytes.fromhex(line.say("exec", script.format("('device', 'key')")).strip()))
    shown.verify_directly_issued_by(ca.certificate)
    assert shown.subject.rfc4514_string() == f"CN={device_id.hex()}"
    assert line.say("exec", "print(open('tls-ca.der', 'rb').read().hex())").strip() == ca.der.hex()


def test_tls_wants_an_authority_before_anything_is_done(operator_key, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(TEMPLATE | SECURE))
    arguments = ("provision", "--port", "/dev/none", "--config", config, "--operator-key", operator_key, "--nonce", 2)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 1
    assert "--tls-ca" in result.output + result.stderr


def test_a_board_with_slots_is_told_whose_releases_to_believe(board, operator_key, tmp_path):
    config, keys = tmp_path / "config.json", tmp_path / "release-keys.json"
    config.write_text(json.dumps(TEMPLATE))
    keys.write_text(json.dumps({"threshold": 1, "keys": [bytes(OPERATOR.verify_key).hex()]}))
    arguments = ("provision", "--port", board.port, "--config", config, "--operator-key", operator_key, "--nonce", 2)
    arguments += ("--out", tmp_path / "registration.bin", "--release-keys", keys)
    refused = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert refused.exit_code == 1 and "has no slots for updates" in refused.stderr
    on_board = {"version": 3, "size": 5, "sha256": "00" * 32}
    line = SerialLine(board.port)
    line.say("exec", f"file = open('installed.json', 'w'); file.write({json.dumps(on_board)!r}); file.close()")
    run(*arguments)
    believed = json.loads(line.say("fs", "cat", ":/release.json"))
    assert believed == json.loads(keys.read_text()) | {"installed": on_board}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"threshold": 3, "keys": ["11" * 32, "22" * 32]}, "threshold"),
        ({"threshold": 0, "keys": ["11" * 32]}, "threshold"),
        ({"threshold": 1, "keys": ["11" * 31]}, "32 bytes"),
        ({"threshold": 2, "keys": ["11" * 32, "11" * 32]}, "twice"),
        ({"keys": ["11" * 32]}, "must be"),
        ({"threshold": 1, "keys": [5]}, "must be"),
    ],
)
def test_release_keys_that_are_none(table, said, tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps(table))
    with pytest.raises(ProvisionError, match=said):
        Trust.load(tmp_path / "keys.json")


def test_a_key_of_a_person_is_made_once(tmp_path):
    public_key = run("key", "new", tmp_path / "release.key").strip()
    assert public_key == bytes(SigningKey(bytes.fromhex((tmp_path / "release.key").read_text())).verify_key).hex()
    assert (tmp_path / "release.key").stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(app, ["key", "new", str(tmp_path / "release.key")])
    assert again.exit_code == 1 and "exists" in again.stderr


def test_two_boards_have_two_keys(board, tmp_path):
    first = SerialLine(board.port).public_key()
    SerialLine(board.port).say("exec", "import os; os.remove('key.bin')")
    assert SerialLine(board.port).public_key() != first


def test_a_board_is_asked_to_change_its_key(board):
    line = SerialLine(board.port)
    line.public_key()
    assert "makes its next key" in run("key", "rotate", "--port", board.port)
    assert line.say("exec", "import os; print(os.listdir('state'))").strip() == "['rekey']"


# -- what the operator signs -----------------------------------------------------------------------


def test_a_stolen_key_from_the_command_line(operator_key, tmp_path):
    state, operator = ledger()
    device, spare = (SigningKey(sha256(name).digest()).verify_key for name in (b"device", b"spare"))
    device_id = sha256(bytes(device)).digest()[:8]
    area_id = bytes.fromhex(TEMPLATE["area_id"])
    enrol = operator.register(2, registration.MLMD, bytes(device), NOBODY, area_id, 0)
    common = ("--device", device_id.hex(), "--network", NETWORK.hex(), "--operator-key", operator_key)
    rotated, revoked = tmp_path / "rotation", tmp_path / "revocation"
    run("key", "rotate", *common, "--public-key", bytes(spare).hex(), "--out", rotated)
    run("key", "revoke", *common, "--nonce", 3, "--reason", "stolen", "--out", revoked)
    log = [enrol, rotated.read_bytes(), revoked.read_bytes()]
    assert [status.name for status in apply_block(state, log).statuses] == ["APPLIED"] * 3
    assert state.former_keys.get(device_id + bytes(4)).public_key == bytes(device)
    envelope = cose.open_envelope(log[2])
    cose.check_signature(envelope, bytes(OPERATOR.verify_key), NETWORK, verify)


@pytest.mark.parametrize(
    "public_key",
    [
        bytes([1]) + bytes(31),  # the identity
        bytes(32),  # of order 4
        bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),  # of order 2
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),  # of order 8
        b"\xff" * 32,
        b"short",
    ],
)
def test_a_weak_key_is_not_enrolled(public_key):
    with pytest.raises(ProvisionError):
        require_sound(public_key)


@pytest.mark.parametrize("change", [{"role": "boss"}, {"network_id": "11"}, {"area_id": "x"}, {"network_id": 5}])
def test_a_config_that_is_none(change):
    with pytest.raises(ProvisionError):
        config_of(TEMPLATE | change, bytes(OPERATOR.verify_key))


def test_a_label():
    label = Label("meter-01", bytes(OPERATOR.verify_key))
    assert label.fingerprint.replace(" ", "").startswith(label.device_id)
    assert label.device_id in label.content
