"""`gridtide ledger ...`: look at a ledger and check it."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from chain.anchor_cli import anchor, audit
from chain.errors import LedgerError
from chain.export import export as export_ledger
from chain.genesis import Genesis
from chain.keep_cli import prune, restore, snapshot
from chain.prove_cli import app as prove
from chain.verify import verify as verify_ledger

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Look at a ledger and check it.")
app.add_typer(prove, name="prove")
for command in (snapshot, restore, prune, anchor, audit):
    app.command()(command)

Ledger = Annotated[Path, typer.Argument(help="the ledger's SQLite file", metavar="LEDGER.sqlite")]
GenesisFile = Annotated[Path, typer.Argument(help="the network's genesis", metavar="GENESIS.toml")]


@app.command()
def verify(
    ledger: Ledger,
    genesis: GenesisFile,
    begun_with: Annotated[Path | None, typer.Option(help="the snapshot the ledger was begun with")] = None,
) -> None:
    """
    Apply every transaction anew and compare all that is stored. The exit status is 0 only for a sound ledger.

    Example: gridtide ledger verify out/hil/services/ledger.sqlite out/hil/services/genesis.toml
    """
    try:
        verified = verify_ledger(ledger, Genesis.load(genesis), begun_with)
    except LedgerError as error:
        _fail(error)
    for fault in verified.faults:
        typer.echo(fault, err=True)
    typer.echo(f"height {verified.height}, app hash {verified.state.app_hash.hex()}: {len(verified.faults)} faults")
    raise typer.Exit(1 if verified.faults else 0)


@app.command()
def export(ledger: Ledger, genesis: GenesisFile) -> None:
    """
    Print the whole ledger as JSON: intervals, prices, flows, wallets, contracts, decisions, light blocks.

    Example: gridtide ledger export ledger.sqlite genesis.toml | jq .wallets
    """
    try:
        exported = export_ledger(ledger, Genesis.load(genesis))
    except LedgerError as error:
        _fail(error)
    json.dump(exported, sys.stdout)
    sys.stdout.write("\n")


def _fail(error: LedgerError) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(2)
