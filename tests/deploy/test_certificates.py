"""`gridtide certificate`, against Python's own TLS: what it certifies is believed, and nothing else is."""

import ssl
import stat

import pytest
from typer.testing import CliRunner

from deploy.certificates_cli import app

ID = "0123456789abcdef"


def run(folder, *arguments):
    return CliRunner().invoke(app, [*arguments, "--out", str(folder)])


@pytest.fixture
def folder(tmp_path):
    ca = ("--ca", str(tmp_path / "ca.pem"), "--ca-key", str(tmp_path / "ca.key"))
    for arguments in (
        ("authority", "--name", "A grid"),
        ("broker", "--host", "broker.example", "--host", "192.0.2.7", *ca),
        ("service", ID, "--name", "aggregator", *ca),
    ):
        result = run(tmp_path, *arguments)
        assert result.exit_code == 0, result.output
    return tmp_path


def shake_hands(folder, host, client="aggregator"):
    """The certificate that the broker was shown. Raises ssl.SSLError."""
    contexts = []
    for protocol, name in ((ssl.PROTOCOL_TLS_SERVER, "broker"), (ssl.PROTOCOL_TLS_CLIENT, client)):
        context = ssl.SSLContext(protocol)
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_verify_locations(folder / "ca.pem")
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        contexts.append(context)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = contexts[0].wrap_bio(there, back, server_side=True)
    caller = contexts[1].wrap_bio(back, there, server_hostname=host)
    for side in (caller, server) * 3:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return server.getpeercert()


@pytest.mark.parametrize("host", ["broker.example", "192.0.2.7"])
def test_both_sides_are_believed(folder, host):
    assert shake_hands(folder, host)["subject"] == ((("commonName", ID),),)


@pytest.mark.parametrize("host", ["other.example", "192.0.2.8", "broker.example.other"])
def test_a_broker_is_believed_under_its_own_names_alone(folder, host):
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(folder, host)


def test_a_client_is_no_broker_and_a_broker_no_client(folder):
    with pytest.raises(ssl.SSLError):
        shake_hands(folder, "broker.example", client="broker")
    for end in ("pem", "key"):
        (folder / f"aggregator.{end}").replace(folder / f"broker.{end}")
    with pytest.raises(ssl.SSLError):
        shake_hands(folder, "broker.example", client="broker")


def test_keys_are_their_owners_and_are_never_overwritten(folder):
    for name in ("ca", "broker", "aggregator"):
        assert stat.S_IMODE((folder / f"{name}.key").stat().st_mode) == 0o600
    before = (folder / "ca.key").read_bytes(), (folder / "ca.pem").read_bytes()
    result = run(folder, "authority")
    assert result.exit_code == 1
    assert "ca.key" in result.stderr
    assert ((folder / "ca.key").read_bytes(), (folder / "ca.pem").read_bytes()) == before


@pytest.mark.parametrize(
    ("certificate", "secret", "said"),
    [
        ("ca.pem", "missing.key", "No such file"),
        ("ca.pem", "broker.key", "is not the EC key of"),
        ("ca.key", "ca.key", "want PEM"),
    ],
)
def test_a_wrong_authority_is_named(folder, certificate, secret, said):
    ca = ("--ca", str(folder / certificate), "--ca-key", str(folder / secret))
    result = run(folder, "service", ID, "--name", "x", *ca)
    assert result.exit_code == 1
    assert said in result.stderr


@pytest.mark.parametrize("identity", ["0123", "0123456789ABCDEF", "0123456789abcdeg"])
def test_an_id_is_16_digits_as_topics_have_it(folder, identity):
    assert run(folder, "service", identity, "--name", "x").exit_code == 1
