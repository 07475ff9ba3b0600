"""`gridtide release`: sign new firmware, alone or one after the other."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from deploy.errors import DeployError, ReleaseError
from deploy.release import Signer, content_of, joined, told
from wire import firmware_file


def release(
    key: Annotated[list[Path], typer.Option(help="a secret release key: a file of 64 hex digits; again for another")],
    network: Annotated[str, typer.Option(help="network id in hex")],
    out: Annotated[Path, typer.Option(help="the release, for the aggregator's firmware_folder: NAME.release")],
    image: Annotated[Path | None, typer.Option(help="rom.img of gridtide firmware")] = None,
    role: Annotated[str, typer.Option(help="meter or mlmd")] = "",
    board: Annotated[str, typer.Option(help="what it was built for")] = "",
    version: Annotated[int, typer.Option(help="above that of every release before")] = 0,
    days: Annotated[int, typer.Option(help="after these no device takes it any more")] = 14,
    join: Annotated[Path | None, typer.Option(help="a release of somebody else's, to sign the same")] = None,
) -> None:
    """
    Sign an image for the devices of a network. They want as many signatures as their release keys' threshold says.

    Examples: gridtide release --image out/firmware/meter-esp32_c3/rom.img --role meter --board esp32_c3 --version 2
    --network 41... --key first.key --out half.release

    and on another machine: gridtide release --join half.release --network 41... --key second.key --out meter-2.release

    The boards' side is a JSON file for gridtide flash and provision --release-keys: "threshold" is how many must have
    signed, "keys" a list of public keys in hex.
    """
    try:
        network_id = _network(network)
        signers = [Signer.load(path) for path in key]
        if join:
            made = joined(join.read_bytes(), signers, network_id)
        elif image and version > 0:
            rom = image.read_bytes()
            content = content_of(rom, role, board, version, int(time.time()), days)
            made = firmware_file.encode([one.announce(content, network_id) for one in signers], rom)
        else:
            raise ReleaseError("give --image with --role, --board and --version, or --join")
        out.write_bytes(made)
        print(f"{out}: {told(made)}")
    except (DeployError, OSError) as error:
        print(f"gridtide release: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


def _network(text: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 8:
        raise ReleaseError("--network must be 8 bytes in hex")
    return value
