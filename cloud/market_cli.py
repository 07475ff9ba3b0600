"""
`gridtide market ...`: the board of offers, and each step of an exchange by hand. A ledger's file is read for nonces and
figures; what is signed goes to a full node over MQTT, or to a file.
"""

import asyncio
import json
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from chain.board import OUTCOMES, Posting, key_of
from chain.embedded import load_state
from chain.errors import LedgerError
from chain.exchange import changed_wh, is_over
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile
from chain.query import nonce
from chain.state import State
from link.keys import Signer, load_signer
from wire import acceptance, message, money_release, offer

from .submit import Unanswered, submit

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Trade changes of load, step by step.")

STREAM = "elec-market-open"
Ledger = Annotated[Path, typer.Argument(help="the ledger's SQLite file", metavar="LEDGER.sqlite")]
GenesisFile = Annotated[Path, typer.Argument(help="the network's genesis", metavar="GENESIS.toml")]
OfferId = Annotated[str, typer.Argument(help="16 hex digits, as the board shows them", metavar="OFFER")]
Key = Annotated[Path, typer.Option(help="file with the secret key's seed, 64 hex digits")]
Broker = Annotated[str, typer.Option(help="host:port or unix:/path: submit, and wait for the block")]
Out = Annotated[Path | None, typer.Option(help="write the signed transaction to this file")]


@app.command()
def board(
    ledger: Ledger,
    genesis: GenesisFile,
    stream: Annotated[str, typer.Option(help="only this stream")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON list")] = False,
) -> None:
    """
    Print what stands on the bulletin board, open and over.

    Example: gridtide market board ledger.sqlite genesis.toml --stream elec-market-open
    """
    state = _state(ledger, genesis)
    postings = [(key, posting) for key, posting in state.offers.items() if stream in ("", posting.stream.decode())]
    rows = [_row(state, key, posting) for key, posting in sorted(postings, key=lambda one: one[1].first_interval)]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(
            f"{row['offer_id']}  {row['stream']}  {row['key']}  {_money(row['money_micro'])}  "
            f"intervals {row['first_interval']}..{row['last_interval']}  {row['outcome']}"
        )
    typer.echo(f"{len(rows)} offers; interval {state.interval} is open")


@app.command("offer")
def make_offer(
    ledger: Ledger,
    genesis: GenesisFile,
    key: Key,
    energy: Annotated[str, typer.Option(help="kWh over all intervals of delivery")],
    money: Annotated[str, typer.Option(help="what is paid; below a millionth it is rounded down")],
    first: Annotated[int, typer.Option(help="first interval of delivery, counted from the open one")] = 1,
    intervals: Annotated[int, typer.Option(help="how many intervals of delivery")] = 1,
    baseline: Annotated[int, typer.Option(help="intervals before now whose mean is the baseline")] = 4,
    direction: Annotated[str, typer.Option(help=" or ".join(offer.DIRECTIONS))] = offer.DIRECTIONS[0],
    stream: Annotated[str, typer.Option(help="the board's stream")] = STREAM,
    broker: Broker = "",
    out: Out = None,
) -> None:
    """
    Lock money for a change of load and publish it on the board.

    Example: gridtide market offer ledger.sqlite genesis.toml --key me.key --energy 2.3 --money 0.25266763
    """
    if direction not in offer.DIRECTIONS:
        _fail(f"--direction: {' or '.join(offer.DIRECTIONS)}")
    state = _state(ledger, genesis)
    begins = state.interval + first
    content = (
        stream.encode(),
        offer.DIRECTIONS.index(direction),
        _whole(energy, 1000, "--energy"),
        _whole(money, 10**6, "--money"),
        begins,
        begins + intervals - 1,
        baseline,
        begins,
    )
    transaction = _sign(state, key, offer, content)
    typer.echo(f"offer {sha256(transaction).digest()[:8].hex()}")
    _send(transaction, broker, out)


@app.command()
def accept(
    ledger: Ledger,
    genesis: GenesisFile,
    offer_id: OfferId,
    key: Key,
    device: Annotated[str, typer.Option(help="id of the meter that will deliver")],
    broker: Broker = "",
    out: Out = None,
) -> None:
    """Commit a meter to deliver what an offer asks, for what it pays."""
    state = _state(ledger, genesis)
    posting = _posting(state, offer_id)
    content = (_octets(offer_id), _octets(device), posting.energy_wh, posting.money_micro)
    _send(_sign(state, key, acceptance, content), broker, out)


@app.command()
def release(
    ledger: Ledger, genesis: GenesisFile, offer_id: OfferId, key: Key, broker: Broker = "", out: Out = None
) -> None:
    """Ask for the outcome: the readings on the ledger decide who gets the money."""
    state = _state(ledger, genesis)
    posting = _posting(state, offer_id)
    if any(posting.device_id) and is_over(state, posting):
        typer.echo(f"delivered so far: {changed_wh(state, posting)} of {posting.energy_wh} Wh")
    _send(_sign(state, key, money_release, (_octets(offer_id),)), broker, out)


def _state(path: Path, genesis: Path) -> State:
    try:
        file = LedgerFile(path, is_writing=False)
        try:
            return load_state(file, Genesis.load(genesis))
        finally:
            file.close()
    except LedgerError as error:
        _fail(str(error))


def _row(state: State, key: bytes, posting: Posting) -> dict[str, Any]:
    octets = {name: value.hex() for name, value in posting._asdict().items() if isinstance(value, bytes)}
    fields = {**posting._asdict(), **octets, "stream": posting.stream.decode(), "outcome": OUTCOMES[posting.outcome]}
    return {"offer_id": key.hex(), "key": key_of(posting), **fields}


def _posting(state: State, offer_id: str) -> Posting:
    posting = state.offers.get(_octets(offer_id))
    if posting is None:
        _fail(f"{offer_id}: no such offer")
    return posting


def _sign(state: State, key: Path, module: Any, content: tuple[Any, ...]) -> bytes:
    signer = _signer(key)
    fields = (nonce(state, signer.identity) + 1, *content)
    network_id = state.genesis.network_id
    return message.seal(module.KIND, module.LAYOUT, fields, signer.identity, network_id, signer.sign)


def _signer(key: Path) -> Signer:
    try:
        return load_signer(key)
    except ValueError as error:
        _fail(str(error))


def _send(transaction: bytes, broker: str, out: Path | None) -> None:
    if out is not None:
        out.write_bytes(transaction)
    if broker:
        try:
            status = asyncio.run(submit(broker, transaction))
        except (Unanswered, ValueError) as error:
            _fail(str(error))
        typer.echo(status.name)
        raise typer.Exit(1 if status else 0)
    if out is None:
        typer.echo(transaction.hex())


def _whole(number: str, unit: int, name: str) -> int:
    """`number` in millionths or thousandths, rounded down."""
    try:
        return int((Decimal(number) * unit).to_integral_value(ROUND_DOWN))
    except InvalidOperation:
        _fail(f"{name}: a number, like 2.3")


def _money(money_micro: int) -> str:
    return f"{money_micro // 10**6}.{money_micro % 10**6:06d}"


def _octets(text: str) -> bytes:
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) != 8:
        _fail(f"{text}: an id has 16 hex digits")
    return octets


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(2)
