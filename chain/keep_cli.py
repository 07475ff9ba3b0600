"""`gridtide ledger snapshot | restore | prune`: begin a node from another's state; drop what is old."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from chain import snapshot_file
from chain.errors import LedgerError
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile

Ledger = Annotated[Path, typer.Argument(help="the ledger's SQLite file", metavar="LEDGER.sqlite")]
GenesisFile = Annotated[Path, typer.Argument(help="the network's genesis", metavar="GENESIS.toml")]
Snapshot = Annotated[Path, typer.Argument(help="the snapshot file", metavar="SNAPSHOT")]


def snapshot(ledger: Ledger, genesis: GenesisFile, out: Snapshot) -> None:
    """
    Write the state of a ledger as one file, to begin another node with.

    Example: gridtide ledger snapshot ledger.sqlite genesis.toml state.snapshot
    """
    try:
        made = snapshot_file.write(ledger, Genesis.load(genesis), out)
    except LedgerError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{out}: {error.strerror}")
    typer.echo(f"height {made.height}, app hash {made.app_hash.hex()}, {len(made.chunks)} chunks")


def restore(
    ledger: Ledger,
    genesis: GenesisFile,
    source: Snapshot,
    app_hash: Annotated[str, typer.Option(help="the app hash you trust, 64 hex digits; else the file's own")] = "",
) -> None:
    """
    Begin a ledger from a snapshot. Without --app-hash you believe whoever gave you the file.

    Example: gridtide ledger restore new.sqlite genesis.toml state.snapshot --app-hash 5f0c...
    """
    try:
        made = snapshot_file.read(source)
        trusted = bytes.fromhex(app_hash) if app_hash else made.app_hash
        snapshot_file.restore(made, ledger, Genesis.load(genesis), trusted)
    except ValueError as error:
        raise typer.BadParameter(f"--app-hash: {error}") from error
    except LedgerError as error:
        _fail(str(error))
    typer.echo(f"begins at height {made.height}, app hash {trusted.hex()}")


def prune(ledger: Ledger, before: Annotated[int, typer.Argument(help="market interval: UTC seconds // 1800")]) -> None:
    """Drop what left the state before an interval. Its hashes stay: whoever kept a row can still prove it."""
    if not ledger.exists():
        _fail(f"{ledger}: no such ledger")
    try:
        file = LedgerFile(ledger, is_writing=True)
        try:
            gone = file.prune_history(before)
        finally:
            file.close()
    except LedgerError as error:
        _fail(str(error))
    typer.echo(f"{gone} rows dropped")


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(2)
