"""`gridtide ledger prove ...`: proofs for whoever holds no ledger, as files. `gridtide phone check` reads them."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from chain.embedded import load_state
from chain.errors import LedgerError
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile
from chain.prove import decision, outcome, prove, with_reading
from wire import proof
from wire.interval import WINDOW_S

app = typer.Typer(no_args_is_help=True, help="Prove a row to whoever has a header and nothing else (docs/proofs.md).")

Ledger = Annotated[Path, typer.Argument(help="the ledger's SQLite file", metavar="LEDGER.sqlite")]
GenesisFile = Annotated[Path, typer.Argument(help="the network's genesis", metavar="GENESIS.toml")]
Interval = Annotated[int, typer.Argument(help="market interval: UTC seconds // 1800")]


def _identity(text: str) -> bytes:
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != 8:
        raise typer.BadParameter(f"{text}: 16 hex digits")
    return identity


Identity = Annotated[bytes, typer.Argument(parser=_identity, help="16 hex digits", metavar="ID")]


class _Open:
    """A ledger for as long as it is asked; whatever is wrong with it is said, with exit status 2."""

    def __init__(self, ledger: Path, genesis: Path) -> None:
        try:
            self.genesis = Genesis.load(genesis)
            self.file = LedgerFile(ledger, is_writing=False)
            self.state = load_state(self.file, self.genesis)
        except LedgerError as error:
            _fail(str(error))
        self.height = self.file.height()
        self.header = self.file.header(self.height) or b""

    def say(self, question: dict[str, Any], made: bytes) -> None:
        """The proof, its question and its size, on stdout."""
        self.file.close()
        found = {"question": question, "network_id": self.genesis.network_id.hex(), "size_bytes": len(made)}
        json.dump({**found, "proof": made.hex()}, sys.stdout)
        sys.stdout.write("\n")

    def row(self, number: int, key: bytes) -> bytes:
        return prove(self.state, self.file, number, key, self.header)


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(2)


@app.command()
def wallet(ledger: Ledger, genesis: GenesisFile, user: Identity) -> None:
    """What a user has; zeros stand for the grid."""
    opened = _Open(ledger, genesis)
    opened.say({"what": "wallet", "user_id": user.hex()}, opened.row(proof.WALLETS, user))


@app.command()
def price(ledger: Ledger, genesis: GenesisFile, interval: Interval) -> None:
    """The posted prices of an interval."""
    opened = _Open(ledger, genesis)
    opened.say({"what": "price", "interval": interval}, opened.row(proof.PRICES, interval.to_bytes(4, "big")))


@app.command()
def lot(ledger: Ledger, genesis: GenesisFile, interval: Interval, plant: Identity, energy_type: int) -> None:
    """What a plant gave of one energy type (0 grid, 1 solar, 2 storage) in an interval."""
    opened = _Open(ledger, genesis)
    key = interval.to_bytes(4, "big") + plant + bytes((energy_type,))
    question = {"what": "lot", "interval": interval, "plant_id": plant.hex(), "energy_type": energy_type}
    opened.say(question, opened.row(proof.LOTS, key))


@app.command()
def reading(
    ledger: Ledger,
    genesis: GenesisFile,
    place: Annotated[Path, typer.Argument(help="from: python -m aggregator prove STORE DEVICE WINDOW")],
) -> None:
    """A reading under its light block's root."""
    opened = _Open(ledger, genesis)
    try:
        told = json.loads(place.read_text())
        start_s, part, leaf = told["window_start_s"], told["part"], bytes.fromhex(told["reading"])
        key = bytes.fromhex(told["area_id"]) + start_s.to_bytes(8, "big") + part.to_bytes(2, "big")
        where = proof.MerklePath(told["index"], told["count"], tuple(bytes.fromhex(one) for one in told["path"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        _fail(f"{place}: no place of a reading: {error}")
    assert start_s % WINDOW_S == 0
    made = with_reading(opened.row(proof.ROOTS, key), leaf, where)
    opened.say({"what": "reading", "area_id": told["area_id"], "window_start_s": start_s, "part": part}, made)


@app.command()
def transaction(ledger: Ledger, genesis: GenesisFile, height: int, index: int) -> None:
    """What became of the transaction at this place of a block."""
    opened = _Open(ledger, genesis)
    block = opened.file.block(height)
    if block is None or not 0 <= index < len(block.transactions):
        _fail(f"there is no transaction {index} in block {height}")
    assert block is not None
    made = outcome(block.transactions, block.statuses, index, opened.file.header(height) or b"")
    question = {"what": "transaction", "height": height, "transaction": block.transactions[index].hex()}
    opened.say(question, made)


@app.command("decision")
def prove_decision(ledger: Ledger, genesis: GenesisFile, height: int, index: int) -> None:
    """What a contract decided, by its place in a block."""
    opened = _Open(ledger, genesis)
    block = opened.file.block(height)
    if block is None or not 0 <= index < len(block.decisions):
        _fail(f"there is no decision {index} in block {height}")
    assert block is not None
    made = decision(block.decisions, index, opened.file.header(height) or b"")
    opened.say({"what": "decision", "height": height}, made)
