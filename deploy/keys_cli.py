"""`gridtide provision`, and `gridtide key rotate|revoke`: from a board's first key to its last."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from deploy.certificates import Certified, device_files, read_authority
from deploy.errors import DeployError, ProvisionError
from deploy.operator import NOBODY, Operator, deliver, identity_of
from deploy.provision import ROLES, Label, SerialLine, config_of, octets
from wire import energy_type, revocation

Port = Annotated[str, typer.Option(help="serial port, /dev/ttyUSB0 or COM3")]
OperatorKey = Annotated[Path, typer.Option(help="the operator's secret key: a file of 64 hex digits")]
Broker = Annotated[str, typer.Option(help="host:port to submit to")]
Out = Annotated[Path | None, typer.Option(help="a file for the signed transaction, to be submitted later")]
Nonce = Annotated[int, typer.Option(help="the operator's next nonce on the ledger")]

key = typer.Typer(no_args_is_help=True, help="Change or end a key on the ledger.")


def provision(
    port: Port,
    config: Annotated[Path, typer.Option(help="config.json without device_id: role, network, trust anchors, wiring")],
    operator_key: OperatorKey,
    nonce: Nonce,
    owner: Annotated[str, typer.Option(help="the user a meter belongs to, id in hex")] = "",
    energy: Annotated[str, typer.Option(help="what the plant behind a meter makes: grid, solar or storage")] = "grid",
    broker: Broker = "",
    out: Out = None,
    label: Annotated[Path | None, typer.Option(help="a file for the label, .svg or .png")] = None,
    tls_ca: Annotated[Path | None, typer.Option(help="for a device with TLS: the authority's certificate, PEM")] = None,
    tls_ca_key: Annotated[Path | None, typer.Option(help="and its key: it certifies the device here and now")] = None,
) -> None:
    """
    Make a board's key on the board, enrol it on the ledger, write its config, print its label.

    Example: gridtide provision --port /dev/ttyUSB0 --config meter.json --operator-key operator.key --nonce 7
    --owner 8f1e... --broker broker:1883 --label meter-01.svg
    """
    try:
        template = _read(config)
        by = _authority_for(template, tls_ca, tls_ca_key)
        line = SerialLine(port)
        public_key = line.public_key()
        own = config_of(template, public_key)
        signer = Operator.load(operator_key, octets(own, "network_id"))
        owner_id = _id(owner, "owner") if owner else NOBODY
        area_id = octets(own, "area_id")
        if energy not in energy_type.NAMES:
            raise ProvisionError(f"energy: one of {', '.join(energy_type.NAMES)}")
        made = energy_type.NAMES.index(energy)
        signed = signer.register(nonce, ROLES[own["role"]], public_key, owner_id, area_id, made)
        print(f"registration {deliver(signed, broker, out)}")
        line.configure(own, device_files(by, identity_of(public_key)) if by else None)
        sticker = Label(own.get("name", own["device_id"]), public_key)
        sticker.show()
        if label:
            sticker.write(label)
    except DeployError as error:
        _fail("provision", error)


@key.command("rotate")
def rotate(
    port: Annotated[str, typer.Option(help="serial port of the device: it makes and announces its next key")] = "",
    device: Annotated[str, typer.Option(help="id in hex, where its key is lost or stolen")] = "",
    public_key: Annotated[str, typer.Option(help="its new public key in hex")] = "",
    network: Annotated[str, typer.Option(help="network id in hex")] = "",
    operator_key: Annotated[
        Path | None, typer.Option(help="the operator's secret key, where the old one is lost")
    ] = None,
    broker: Broker = "",
    out: Out = None,
) -> None:
    """Change a key: by the device itself (--port), or by the operator where the old key is lost (--device)."""
    try:
        if port:
            SerialLine(port).change_key()
            print("the board makes its next key and announces it")
        elif device and operator_key:
            signer = Operator.load(operator_key, _id(network, "network"))
            signed = signer.rotate(int(time.time()), _id(device, "device"), _hex(public_key, 32, "public-key"))
            print(f"rotation {deliver(signed, broker, out)}")
        else:
            raise ProvisionError("give --port, or --device with --public-key, --network and --operator-key")
    except DeployError as error:
        _fail("key rotate", error)


@key.command("revoke")
def revoke(
    device: Annotated[str, typer.Option(help="id in hex")],
    network: Annotated[str, typer.Option(help="network id in hex")],
    operator_key: OperatorKey,
    nonce: Nonce,
    reason: Annotated[str, typer.Option(help=f"one of {', '.join(revocation.REASONS)}")] = "unspecified",
    broker: Broker = "",
    out: Out = None,
) -> None:
    """End a device: from the next block on nothing it signs is taken. There is no way back."""
    try:
        signer = Operator.load(operator_key, _id(network, "network"))
        print(f"revocation {deliver(signer.revoke(nonce, _id(device, 'device'), reason), broker, out)}")
    except DeployError as error:
        _fail("key revoke", error)


def _authority_for(template: dict, certificate: Path | None, secret: Path | None) -> Certified | None:
    """None for a device without TLS. Raises ProvisionError."""
    if not template.get("mqtt", {}).get("tls"):
        return None
    if not certificate or not secret:
        raise ProvisionError("the config asks for TLS: give --tls-ca and --tls-ca-key (gridtide certificate authority)")
    return read_authority(certificate, secret)


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
