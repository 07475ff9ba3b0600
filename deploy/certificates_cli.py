"""`gridtide certificate`: the authority for TLS, and what it certifies; devices when they are provisioned."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy import certificates
from deploy.certificates import Certified
from deploy.errors import DeployError, ProvisionError

Ca = Annotated[Path, typer.Option(help="the authority's certificate")]
CaKey = Annotated[Path, typer.Option(help="the authority's key")]
Out = Annotated[Path, typer.Option(help="the folder for NAME.pem and NAME.key")]
HERE, CA, CA_KEY = Path(), Path("ca.pem"), Path("ca.key")

app = typer.Typer(no_args_is_help=True, help="Certificates for TLS to the broker, with EC keys, in PEM.")


@app.command("authority")
def authority(
    name: Annotated[str, typer.Option(help="what it is called in its certificate")] = "Gridtide", out: Out = HERE
) -> None:
    """A new authority: ca.pem for everybody, ca.key for the operator alone, off line."""
    _write(certificates.authority(name), out, "ca")


@app.command("broker")
def broker(
    host: Annotated[list[str], typer.Option(help="a name or address that it is reached by; may be repeated")],
    ca: Ca = CA,
    ca_key: CaKey = CA_KEY,
    out: Out = HERE,
) -> None:
    """
    Certify the broker: broker.pem and broker.key.

    Example: gridtide certificate broker --host broker.example --host 192.0.2.7
    """
    try:
        _write(certificates.for_broker(certificates.read_authority(ca, ca_key), host), out, "broker")
    except DeployError as error:
        _fail(error)


@app.command("service")
def service(
    identity: Annotated[str, typer.Argument(help="the service's id in hex", metavar="ID")],
    name: Annotated[str, typer.Option(help="of the files")],
    ca: Ca = CA,
    ca_key: CaKey = CA_KEY,
    out: Out = HERE,
) -> None:
    """
    Certify an aggregator or a full node: its id is its user name at the broker.

    Example: gridtide certificate service 66a1c1bcb1a9b8ed --name aggregator.tls
    """
    try:
        if len(identity) != 16 or set(identity) - set("0123456789abcdef"):
            raise ProvisionError(f"{identity!r} is not an id (16 hex digits, small letters)")
        _write(certificates.for_client(certificates.read_authority(ca, ca_key), identity), out, name)
    except DeployError as error:
        _fail(error)


def _write(made: Certified, folder: Path, name: str) -> None:
    """Never over a key that is there."""
    try:
        made.write(folder, name)
    except OSError as error:
        _fail(ProvisionError(f"{error.filename}: {error.strerror}"))
    print(f"{folder / name}.pem, {folder / name}.key")


def _fail(error: DeployError) -> None:
    print(f"gridtide certificate: {error}", file=sys.stderr)
    raise typer.Exit(1)
