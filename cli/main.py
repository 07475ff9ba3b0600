"""The `gridtide` command: one sub-command per room, each defined in that room."""

import typer

from chain.cli import app as ledger
from hil.cli import hil
from phone.cli import app as phone

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Run, inspect and verify a Gridtide grid.")
app.command("hil")(hil)
app.add_typer(ledger, name="ledger")
app.add_typer(phone, name="phone")

if __name__ == "__main__":
    app()
