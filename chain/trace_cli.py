"""`gridtide trace`: one kWh from plant to user, or from plant to buyers."""

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from chain.errors import LedgerError
from chain.export import export
from chain.genesis import Genesis
from chain.trace import NothingToTrace
from chain.trace import trace as trace_kwh
from chain.trace_picture import picture
from chain.trace_table import show


def trace(
    ledger: Annotated[Path, typer.Argument(help="the ledger's SQLite file", metavar="LEDGER.sqlite")],
    genesis: Annotated[Path, typer.Argument(help="the network's genesis", metavar="GENESIS.toml")],
    who: Annotated[str, typer.Argument(help="a meter or a user, by id or by name", metavar="WHO")],
    sold: Annotated[bool, typer.Option("--sold", help="follow what they sold to its buyers")] = False,
    interval: Annotated[int | None, typer.Option(help="up to this market interval; the last one if left out")] = None,
    names: Annotated[Path | None, typer.Option(help="names of ids: JSON, {id: name} or a bench's devices.json")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="everything found, as JSON")] = False,
    svg: Annotated[Path | None, typer.Option(help="draw it into this file", metavar="FILE")] = None,
) -> None:
    """
    Follow one kWh: its plants, prices, decisions, receipts and blocks; or with --sold who bought it.

    Example: gridtide trace ledger.sqlite genesis.toml meter-01 --names out/hil/evidence/devices.json --svg kwh.svg
    """
    try:
        exported = export(ledger, Genesis.load(genesis))
        found = trace_kwh(exported, who, sold, interval, _names(names))
        if svg is not None:
            svg.write_text(picture(found), encoding="utf-8")
    except (LedgerError, NothingToTrace, OSError) as error:
        _fail(error)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        show(found, Console())


def _names(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        table: Any = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(table, list):
            table = {device["device_id"]: device["name"] for device in table}
        return {str(identity): str(name) for identity, name in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NothingToTrace(f"{path}: no names by id: {error}") from error


def _fail(error: Exception) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(2)
