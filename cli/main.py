"""The `gridtide` command: one sub-command per room, each defined in that room."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Run, inspect and verify a Gridtide grid.")

if __name__ == "__main__":
    app()
