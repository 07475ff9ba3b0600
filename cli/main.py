"""The `gridtide` command: one sub-command per room, each defined in that room."""

import typer

from chain.cli import app as ledger
from hil.cli import hil

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Run, inspect and verify a Gridtide grid.")
app.command("hil")(hil)
app.add_typer(ledger, name="ledger")

if __name__ == "__main__":
    app()
