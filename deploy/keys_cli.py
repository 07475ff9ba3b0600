"""`gridtide provision`, and `gridtide key ...`: from a board's first key to its last, and those of the others."""

import json
import os
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from nacl.signing import SigningKey

from deploy.certificates import Certified, device_files, read_authority
from deploy.errors import DeployError, ProvisionError
from deploy.ledger import LedgerLine, connect, next_nonce_in
from deploy.operator import NOBODY, Operator, deliver, identity_of
from deploy.provision import ROLES, Label, SerialLine, config_of, octets
from deploy.slots import RELEASE, Trust
from wire import energy_type, registration, revocation, topics

Port = Annotated[str, typer.Option(help="serial port, /dev/ttyUSB0 or COM3")]
OperatorKey = Annotated[Path, typer.Option(help="the operator's secret key: a file of 64 hex digits")]
Broker = Annotated[str, typer.Option(help="host:port to submit to")]
Out = Annotated[Path | None, typer.Option(help="a file for the signed transaction, to be submitted later")]
Nonce = Annotated[
    int, typer.Option(help="the operator's next nonce, 1 on a ledger without a block; else the ledger is asked")
]
Ledger = Annotated[Path | None, typer.Option(help="the ledger's file, to find the nonce in without a broker")]

SERVED = {"user": registration.USER, "aggregator": registration.AGGREGATOR, "cloud": registration.CLOUD}

key = typer.Typer(no_args_is_help=True, help="Register, change or end a key on the ledger.")


def provision(
    port: Port,
    config: Annotated[Path, typer.Option(help="config.json without device_id: role, network, trust anchors, wiring")],
    operator_key: OperatorKey,
    nonce: Nonce = 0,
    ledger: Ledger = None,
    owner: Annotated[str, typer.Option(help="the user a meter belongs to, id in hex")] = "",
    energy: Annotated[str, typer.Option(help="what the plant behind a meter makes: grid, solar or storage")] = "grid",
    broker: Broker = "",
    out: Out = None,
    label: Annotated[Path | None, typer.Option(help="a file for the label, .svg or .png")] = None,
    release_keys: Annotated[
        Path | None, typer.Option(help="whose updates a board with slots takes: see gridtide release --help")
    ] = None,
    tls_ca: Annotated[Path | None, typer.Option(help="for a device with TLS: the authority's certificate, PEM")] = None,
    tls_ca_key: Annotated[Path | None, typer.Option(help="and its key: it certifies the device here and now")] = None,
) -> None:
    """
    Make a board's key on the board, enrol it on the ledger, write its config, print its label.

    Example: gridtide provision --port /dev/ttyUSB0 --config meter.json --operator-key operator.key
    --owner 8f1e... --broker broker:1883 --label meter-01.svg
    """
    try:
        template = _read(config)
        by = _authority_for(template, tls_ca, tls_ca_key)
        trust = Trust.load(release_keys) if release_keys else None
        line = SerialLine(port)
        files = {RELEASE: trust.release_json(line.installed())} if trust else {}
        public_key = line.public_key()
        mac = line.mac()
        own = config_of(template, public_key)
        signer = Operator.load(operator_key, octets(own, "network_id"))
        own["operator_public_key"] = bytes(signer.key.verify_key).hex()
        owner_id = _id(owner, "owner") if owner else NOBODY
        area_id = octets(own, "area_id")
        if energy not in energy_type.NAMES:
            raise ProvisionError(f"energy: one of {', '.join(energy_type.NAMES)}")
        made = energy_type.NAMES.index(energy)
        with _ledger(broker) as ledger_line:
            number = nonce or _next_nonce(signer, ledger_line, ledger)
            signed = signer.register(number, ROLES[own["role"]], public_key, owner_id, area_id, made)
            print(f"registration {deliver(signed, ledger_line, out)}")
        line.configure(own, files | (device_files(by, identity_of(public_key)) if by else {}))
        sticker = Label(own.get("name", own["device_id"]), public_key)
        sticker.show()
        peer = {"id": own["device_id"], "public_key": public_key.hex(), "mac": mac.hex()}
        print(f"as its neighbours' configs name it: {json.dumps(peer)}")
        if label:
            sticker.write(label)
    except DeployError as error:
        _fail("provision", error)


@key.command("new")
def new(path: Annotated[Path, typer.Argument(help="where the secret key goes, readable by you alone")]) -> None:
    """Make a key for an operator, a user, a service or releases, and print its public half. Devices make their own."""
    try:
        made = SigningKey.generate()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(bytes(made).hex() + "\n")
        print(bytes(made.verify_key).hex())
    except OSError as error:
        _fail("key new", ProvisionError(f"{path}: {error.strerror}"))


@key.command("register")
def register(
    role: Annotated[str, typer.Option(help=f"one of {', '.join(SERVED)}; devices are for gridtide provision")],
    public_key: Annotated[str, typer.Option(help="its key, in hex: gridtide key new prints it")],
    network: Annotated[str, typer.Option(help="network id in hex")],
    operator_key: OperatorKey,
    nonce: Nonce = 0,
    ledger: Ledger = None,
    broker: Broker = "",
    out: Out = None,
) -> None:
    """
    Put a user, an aggregator or the full node on the ledger. An aggregator's id is its area's, too.

    Example: gridtide key register --role aggregator --public-key 3a90... --network 11d0... --operator-key operator.key
    --broker broker:1883
    """
    try:
        if role not in SERVED:
            raise ProvisionError(f"--role {role}: one of {', '.join(SERVED)}")
        signer, own = Operator.load(operator_key, _id(network, "network")), _hex(public_key, 32, "public-key")
        area_id = identity_of(own) if SERVED[role] == registration.AGGREGATOR else NOBODY
        with _ledger(broker) as line:
            number = nonce or _next_nonce(signer, line, ledger)
            print(f"registration {deliver(signer.register(number, SERVED[role], own, NOBODY, area_id, 0), line, out)}")
        print(f"its id is {identity_of(own).hex()}")
    except DeployError as error:
        _fail("key register", error)


@key.command("rotate")
def rotate(
    port: Annotated[str, typer.Option(help="serial port of the device: it makes and announces its next key")] = "",
    device: Annotated[str, typer.Option(help="id in hex")] = "",
    area: Annotated[str, typer.Option(help="its area's id in hex, to have it change its key over the air")] = "",
    public_key: Annotated[str, typer.Option(help="its next public key in hex, where the old key is lost")] = "",
    network: Annotated[str, typer.Option(help="network id in hex")] = "",
    operator_key: Annotated[Path | None, typer.Option(help="the operator's secret key")] = None,
    broker: Broker = "",
    out: Out = None,
) -> None:
    """
    Change a key: by the device itself, over the air (--area) or at its next start (--port); by the operator where the
    old key is lost (--public-key).

    Example: gridtide key rotate --device 5a1c... --area 8f1e... --network 11d0... --operator-key operator.key
    --broker broker:1883
    """
    try:
        if port:
            SerialLine(port).change_key()
            print("the board makes its next key and announces it")
            return
        if not (device and operator_key and bool(area) != bool(public_key)):
            raise ProvisionError("give --port; or --device, --network and --operator-key with --area or --public-key")
        signer, device_id = Operator.load(operator_key, _id(network, "network")), _id(device, "device")
        with _ledger(broker) as line:
            if public_key:
                signed = signer.rotate(int(time.time()), device_id, _hex(public_key, 32, "public-key"))
                print(f"rotation {deliver(signed, line, out)}")
            else:
                _order_rotation(signer, line, _id(area, "area"), device_id)
    except DeployError as error:
        _fail("key rotate", error)


def _order_rotation(signer: Operator, line: LedgerLine | None, area_id: bytes, device_id: bytes) -> None:
    if line is None:
        raise ProvisionError("an order goes over a broker: give --broker")
    topic = topics.of_device(area_id, device_id, topics.ORDER)
    new = line.order(topic, signer.order_rotation(device_id, int(time.time())), device_id)
    print(f"the ledger has its next key: {new.hex()}")


@key.command("area")
def succeed(
    area: Annotated[str, typer.Option(help="the area's id in hex: of its first aggregator")],
    public_key: Annotated[str, typer.Option(help="the key of the aggregator that takes it over, in hex")],
    notice: Annotated[Path, typer.Option(help="a file for the word to its devices: the aggregator's area_notice_file")],
    network: Annotated[str, typer.Option(help="network id in hex")],
    operator_key: OperatorKey,
    nonce: Nonce = 0,
    ledger: Ledger = None,
    broker: Broker = "",
    out: Out = None,
) -> None:
    """
    Give an area whose aggregator was excluded or revoked to another one, on the ledger and for its devices.

    Example: gridtide key area --area 8f1e... --public-key 3a90... --notice area.notice --network 11d0...
    --operator-key operator.key --broker broker:1883
    """
    try:
        signer, area_id = Operator.load(operator_key, _id(network, "network")), _id(area, "area")
        own = _hex(public_key, 32, "public-key")
        if not notice.parent.is_dir():
            raise ProvisionError(f"--notice {notice}: no such folder")
        with _ledger(broker) as line:
            number = nonce or _next_nonce(signer, line, ledger)
            signed = signer.register(number, registration.AGGREGATOR, own, NOBODY, area_id, 0)
            print(f"registration {deliver(signed, line, out)}")
        notice.write_bytes(signer.area_notice(int(time.time()), area_id, own))
        print(f"the word to its devices is in {notice}")
    except DeployError as error:
        _fail("key area", error)


@key.command("revoke")
def revoke(
    device: Annotated[str, typer.Option(help="id in hex")],
    network: Annotated[str, typer.Option(help="network id in hex")],
    operator_key: OperatorKey,
    nonce: Nonce = 0,
    ledger: Ledger = None,
    reason: Annotated[str, typer.Option(help=f"one of {', '.join(revocation.REASONS)}")] = "unspecified",
    broker: Broker = "",
    out: Out = None,
) -> None:
    """
    End a device: from the next block on nothing it signs is taken. There is no way back.

    Example: gridtide key revoke --device 5a1c... --network 11d0... --operator-key operator.key --reason stolen
    --broker broker:1883
    """
    try:
        signer = Operator.load(operator_key, _id(network, "network"))
        with _ledger(broker) as line:
            number = nonce or _next_nonce(signer, line, ledger)
            print(f"revocation {deliver(signer.revoke(number, _id(device, 'device'), reason), line, out)}")
    except DeployError as error:
        _fail("key revoke", error)


def _authority_for(template: dict, certificate: Path | None, secret: Path | None) -> Certified | None:
    """None for a device without TLS. Raises ProvisionError."""
    if not template.get("mqtt", {}).get("tls"):
        return None
    if not certificate or not secret:
        raise ProvisionError("the config asks for TLS: give --tls-ca and --tls-ca-key (gridtide certificate authority)")
    return read_authority(certificate, secret)


def _ledger(broker: str) -> AbstractContextManager[LedgerLine | None]:
    return connect(broker) if broker else nullcontext()


def _next_nonce(signer: Operator, line: LedgerLine | None, ledger: Path | None) -> int:
    if ledger is not None:
        return next_nonce_in(ledger, signer.id)
    if line is None:
        raise ProvisionError("give the operator's next nonce, or a broker or a ledger's file to find it")
    return line.next_nonce(signer.id)


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProvisionError(f"{path}: {error}") from error


def _id(text: str, name: str) -> bytes:
    return _hex(text, 8, name)


def _hex(text: str, size: int, name: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != size:
        raise ProvisionError(f"--{name} must be {size} bytes in hex")
    return value


def _fail(command: str, error: DeployError) -> None:
    print(f"gridtide {command}: {error}", file=sys.stderr)
    raise typer.Exit(1)
