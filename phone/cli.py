"""`gridtide phone check PROOF HEADER`: what a proof shows, checked with `wire` and this folder alone."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from phone.client import Phone
from phone.ed25519 import verify
from phone.errors import ProofError
from phone.header import HeaderChain

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Check proofs as a phone does.")


@app.callback()
def phone() -> None:
    """Check proofs as a phone does."""


def answer(phone: Phone, question: dict[str, Any], proof: bytes) -> Any:
    """What the proof says to the question of a proof file, as plain values. Raises ProofError."""
    what = question["what"]
    if what == "wallet":
        return phone.wallet(proof, bytes.fromhex(question["user_id"]))._asdict()
    if what == "price":
        return {"price_micro_per_kwh": phone.price(proof, question["interval"])}
    if what == "lot":
        plant_id = bytes.fromhex(question["plant_id"])
        return {"energy_wh": phone.lot_wh(proof, question["interval"], plant_id, question["energy_type"])}
    if what == "reading":
        area_id = bytes.fromhex(question["area_id"])
        found = phone.reading(proof, area_id, question["window_start_s"], question["part"])
        records = [record._asdict() for record in found.content.records]
        return {"device_id": found.device_id.hex(), "sequence": found.content.sequence, "records": records}
    if what == "transaction":
        return {"status": phone.status(proof, bytes.fromhex(question["transaction"]), question["height"])}
    if what == "decision":
        found = phone.decision(proof, question["height"])
        octets = {name: value.hex() for name, value in found._asdict().items() if isinstance(value, bytes)}
        return found._asdict() | octets
    raise ProofError("wrong_question", str(what))


@app.command()
def check(
    proof: Annotated[Path, typer.Argument(help="from: gridtide ledger prove ... > PROOF.json", metavar="PROOF.json")],
    public_key: Annotated[str, typer.Argument(help="the full node's key: 64 hex digits", metavar="PUBLIC_KEY")],
    header: Annotated[Path | None, typer.Argument(help="a header as signed; else the proof's own")] = None,
) -> None:
    """
    Print what the proof shows; the exit status is 0 only when it holds.

    Example: gridtide ledger prove wallet ledger.sqlite genesis.toml ID > p.json; gridtide phone check p.json KEY
    """
    try:
        told = json.loads(proof.read_text())
        key = bytes.fromhex(public_key)
        network_id, data = bytes.fromhex(told["network_id"]), bytes.fromhex(told["proof"])
        chain = HeaderChain({sha256(key).digest()[:8]: key}, network_id, verify)
        if header is not None:
            chain.follow(header.read_bytes())
        found = answer(Phone(chain), told["question"], data)
    except ProofError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        typer.echo(f"{proof}: no proof file: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(found))
