"""What commands that sign share: a ledger's file to read, a nonce, a key, and the way to the full node."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from chain.embedded import load_state
from chain.errors import LedgerError
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile
from chain.query import nonce
from chain.state import State
from chain.status import Status
from link.group import Group, load_group
from link.keys import Signer, load_signer
from wire import message, topics
from wire.errors import WireError

from .submit import Unanswered, submit

Ledger = Annotated[Path, typer.Argument(help="the ledger's SQLite file", metavar="LEDGER.sqlite")]
GenesisFile = Annotated[Path, typer.Argument(help="the network's genesis", metavar="GENESIS.toml")]
Key = Annotated[Path, typer.Option(help="file with the secret key's seed, 64 hex digits")]
Broker = Annotated[str, typer.Option(help="host:port or unix:/path: submit, and wait for the block")]
GroupKey = Annotated[Path | None, typer.Option(help="the file of a sealed ledger's group keys, the newest first")]


def state_of(path: Path, genesis: Path) -> State:
    try:
        file = LedgerFile(path, is_writing=False)
        try:
            return load_state(file, Genesis.load(genesis))
        finally:
            file.close()
    except LedgerError as error:
        fail(str(error))


def signer_of(key: Path) -> Signer:
    try:
        return load_signer(key)
    except ValueError as error:
        fail(str(error))


def group_of(path: Path | None) -> Group:
    try:
        return load_group(topics.LEDGER, path)
    except ValueError as error:
        fail(str(error))


def sign_next(state: State, signer: Signer, module: Any, content: tuple[Any, ...], later: int = 0) -> bytes:
    """A transaction with the signer's next nonce, or one `later`. module: of the message, in wire."""
    fields = (nonce(state, signer.identity) + 1 + later, *content)
    network_id = state.genesis.network_id
    try:
        return message.seal(module.KIND, module.LAYOUT, fields, signer.identity, network_id, signer.sign)
    except WireError as error:
        fail(str(error))


def submit_all(transactions: Sequence[bytes], broker: str, group_key: Path | None) -> bool:
    """One after the other, each said by its status; whether all were applied."""
    group = group_of(group_key)
    try:
        for transaction in transactions:
            status = asyncio.run(submit(broker, transaction, group))
            typer.echo(status.name)
            if status is not Status.APPLIED:
                return False
    except (Unanswered, ValueError) as error:
        fail(str(error))
    return True


def send(transaction: bytes, broker: str, group_key: Path | None, out: Path | None) -> None:
    """Submit it, or write it to a file, or both; else print it. Ends the command when it was submitted."""
    if out is not None:
        out.write_bytes(transaction)
    if broker:
        raise typer.Exit(0 if submit_all([transaction], broker, group_key) else 1)
    if out is None:
        typer.echo(transaction.hex())


def fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(2)
