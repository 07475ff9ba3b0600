"""`python -m deploy firmware|flash`: as the `gridtide` commands of these names."""

import typer

from deploy.cli import firmware, flash_board

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command("firmware")(firmware)
app.command("flash")(flash_board)

if __name__ == "__main__":
    app()
