"""`python -m chain verify|export LEDGER.sqlite GENESIS.toml`."""

from chain.cli import app

if __name__ == "__main__":
    app(prog_name="python -m chain")
