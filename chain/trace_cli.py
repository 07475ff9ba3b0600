"""`gridtide trace`: one kWh from plant to user, or from plant to buyers."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from chain.errors import LedgerError
from chain.export import export
from chain.genesis import Genesis
from chain.household import ViewKey, holdings, payouts, read_view
from chain.ledger_file import LedgerFile
from chain.trace import NothingToTrace
from chain.trace import trace as trace_kwh
from chain.trace_picture import picture
from chain.trace_table import show

EPOCH = date(1970, 1, 1)


def trace(
    ledger: Annotated[Path, typer.Argument(help="the ledger's SQLite file", metavar="LEDGER.sqlite")],
    genesis: Annotated[Path, typer.Argument(help="the network's genesis", metavar="GENESIS.toml")],
    who: Annotated[str, typer.Argument(help="a meter or a user, by id or by name", metavar="WHO")],
    sold: Annotated[bool, typer.Option("--sold", help="follow what they sold to its buyers")] = False,
    interval: Annotated[int | None, typer.Option(help="up to this market interval; the last one if left out")] = None,
    names: Annotated[Path | None, typer.Option(help="names of ids: JSON, {id: name} or a bench's devices.json")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="everything found, as JSON")] = False,
    view_key: Annotated[
        Path | None, typer.Option(help="also where their money went: gridtide settlement view-key")
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="draw it into this file", metavar="FILE")] = None,
) -> None:
    """
    Follow one kWh: its plants, prices, decisions, receipts and blocks; or with --sold who bought it.

    Example: gridtide trace ledger.sqlite genesis.toml meter-01 --names out/hil/evidence/devices.json --svg kwh.svg
    """
    try:
        exported = export(ledger, Genesis.load(genesis))
        found = trace_kwh(exported, who, sold, interval, _names(names))
        if view_key is not None:
            found["settlement_keys"] = _settlement_keys(ledger, exported, found, read_view(view_key))
        if svg is not None:
            svg.write_text(picture(found), encoding="utf-8")
    except (LedgerError, NothingToTrace, OSError, ValueError) as error:
        _fail(error)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        show(found, Console())
        for held in found.get("settlement_keys", ()):
            left = "spent" if held["balance_micro"] is None else f"{held['balance_micro'] / 1e6:.6f} left"
            typer.echo(f"paid out for {held['day']}: {held['unit_micro'] / 1e6:.6f} to {held['key_id']}, {left}")


def _settlement_keys(ledger: Path, exported: Any, found: Any, view: ViewKey) -> list[dict[str, Any]]:
    """The traced household's settlement keys of all periods. Raises ValueError for another household's view key."""
    meters = {one["id"] for one in found["who"]}
    owners = {row["owner_id"] for row in exported["registrations"] if row["subject_id"] in meters}
    if owners != {view.household_id.hex()}:
        raise ValueError(f"the view key is of {view.household_id.hex()}, and not of who is traced")
    file = LedgerFile(ledger, is_writing=False)
    try:
        announced = list(payouts(file))
    finally:
        file.close()
    balances = {key: wallet["balance_micro"] for key, wallet in exported["wallets"].items()}
    return [
        {
            "day": str(EPOCH + timedelta(days=held.period)),
            "key_id": held.key_id.hex(),
            "unit_micro": held.unit_micro,
            "balance_micro": balances.get(held.key_id.hex()),
        }
        for held in holdings(announced, view)
    ]


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
