"""A release signed on two machines, as devices and aggregators read it; and what is refused before it is signed."""

from hashlib import sha256

import pytest
from nacl.signing import SigningKey
from typer import Typer
from typer.testing import CliRunner

from aggregator.distribution import read_folder
from chain.ed25519 import verify
from deploy import romfs
from deploy.release_cli import release
from wire import cose, firmware, registration

NETWORK = b"network1"
IMAGE = romfs.image({"main.mpy": bytes(range(256)) * 33})
FIRST, SECOND = SigningKey(b"\1" * 32), SigningKey(b"\2" * 32)
app = Typer()
app.command("release")(release)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rom.img").write_bytes(IMAGE)
    (tmp_path / "first.key").write_text(bytes(FIRST).hex() + "\n")
    (tmp_path / "second.key").write_text(bytes(SECOND).hex())
    return tmp_path


def run(folder, *arguments, out="half.release", key="first.key"):
    common = ["--network", NETWORK.hex(), "--key", str(folder / key), "--out", str(folder / out)]
    return CliRunner().invoke(app, [*common, *map(str, arguments)])


def sign(folder, **options):
    settings = {"image": folder / "rom.img", "role": "meter", "board": "esp32_c3", "version": 7} | options
    return run(folder, *(word for name, value in settings.items() for word in (f"--{name}", value)))


def test_two_machines_sign_one_release(folder):
    assert sign(folder).exit_code == 0
    joined = run(folder, "--join", folder / "half.release", key="second.key", out="whole.release")
    assert joined.exit_code == 0 and "meter esp32_c3 version 7" in joined.output
    (folder / "half.release").unlink()
    (found,), refused = read_folder(folder)
    assert not refused and found.content.version == 7 and found.content.role == registration.METER
    assert found.content.sha256 == sha256(IMAGE).digest() and found.frames == firmware.pieces(IMAGE)
    assert found.content.expires_s - found.content.issued_s == 14 * 86400
    for said, key in zip(found.announcements, (FIRST, SECOND), strict=True):
        public_key = bytes(key.verify_key)
        envelope = cose.open_envelope(said, firmware.SIZE_MAX)
        assert envelope.signer_id == sha256(public_key).digest()[:8]
        cose.check_signature(envelope, public_key, NETWORK, verify)


def test_nobody_signs_twice(folder):
    sign(folder)
    again = run(folder, "--join", folder / "half.release", out="whole.release")
    assert again.exit_code == 1 and "signed it already" in again.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"board": "toaster"}, "one of"),
        ({"role": "mlmd", "board": "sonoff_pow"}, "one of"),
        ({"version": 0}, "--version"),
        ({"image": "/nowhere/rom.img"}, "No such file"),
        ({"image": "/dev/null"}, "no image"),
        ({"image": __file__}, "no image"),
    ],
)
def test_what_is_not_signed(folder, options, said):
    refused = sign(folder, **options)
    assert refused.exit_code == 1 and said in refused.stderr and not (folder / "half.release").exists()


def test_a_changed_release_is_not_joined(folder):
    sign(folder)
    data = bytearray((folder / "half.release").read_bytes())
    data[-1] ^= 1
    (folder / "bad.release").write_bytes(data)
    refused = run(folder, "--join", folder / "bad.release", key="second.key", out="whole.release")
    assert refused.exit_code == 1 and "that is no release" in refused.stderr
