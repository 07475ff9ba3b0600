"""
`gridtide market ...`: the board of offers, and each step of an exchange by hand. A ledger's file is read for nonces and
figures; what is signed goes to a full node over MQTT, or to a file.
"""

import json
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.board import OUTCOMES, Posting, key_of
from chain.exchange import changed_wh, is_over
from chain.state import State
from wire import acceptance, money_release, offer

from .console import Broker, GenesisFile, GroupKey, Key, Ledger, fail, send, sign_next, signer_of, state_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Trade changes of load, step by step.")

STREAM = "elec-market-open"
OfferId = Annotated[str, typer.Argument(help="16 hex digits, as the board shows them", metavar="OFFER")]
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
    state = state_of(ledger, genesis)
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
    group_key: GroupKey = None,
    out: Out = None,
) -> None:
    """
    Lock money for a change of load and publish it on the board.

    Example: gridtide market offer ledger.sqlite genesis.toml --key me.key --energy 2.3 --money 0.25266763
    """
    if direction not in offer.DIRECTIONS:
        fail(f"--direction: {' or '.join(offer.DIRECTIONS)}")
    state = state_of(ledger, genesis)
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
    transaction = sign_next(state, signer_of(key), offer, content)
    typer.echo(f"offer {sha256(transaction).digest()[:8].hex()}")
    send(transaction, broker, group_key, out)


@app.command()
def accept(
    ledger: Ledger,
    genesis: GenesisFile,
    offer_id: OfferId,
    key: Key,
    device: Annotated[str, typer.Option(help="id of the meter that will deliver")],
    broker: Broker = "",
    group_key: GroupKey = None,
    out: Out = None,
) -> None:
    """Commit a meter to deliver what an offer asks, for what it pays."""
    state = state_of(ledger, genesis)
    posting = _posting(state, offer_id)
    content = (_octets(offer_id), _octets(device), posting.energy_wh, posting.money_micro)
    send(sign_next(state, signer_of(key), acceptance, content), broker, group_key, out)


@app.command()
def release(
    ledger: Ledger,
    genesis: GenesisFile,
    offer_id: OfferId,
    key: Key,
    broker: Broker = "",
    group_key: GroupKey = None,
    out: Out = None,
) -> None:
    """Ask for the outcome: the readings on the ledger decide who gets the money."""
    state = state_of(ledger, genesis)
    posting = _posting(state, offer_id)
    if any(posting.device_id) and is_over(state, posting):
        typer.echo(f"delivered so far: {changed_wh(state, posting)} of {posting.energy_wh} Wh")
    send(sign_next(state, signer_of(key), money_release, (_octets(offer_id),)), broker, group_key, out)


def _row(state: State, key: bytes, posting: Posting) -> dict[str, Any]:
    octets = {name: value.hex() for name, value in posting._asdict().items() if isinstance(value, bytes)}
    fields = {**posting._asdict(), **octets, "stream": posting.stream.decode(), "outcome": OUTCOMES[posting.outcome]}
    return {"offer_id": key.hex(), "key": key_of(posting), **fields}


def _posting(state: State, offer_id: str) -> Posting:
    posting = state.offers.get(_octets(offer_id))
    if posting is None:
        fail(f"{offer_id}: no such offer")
    return posting


def _whole(number: str, unit: int, name: str) -> int:
    """`number` in millionths or thousandths, rounded down."""
    try:
        return int((Decimal(number) * unit).to_integral_value(ROUND_DOWN))
    except InvalidOperation:
        fail(f"{name}: a number, like 2.3")


def _money(money_micro: int) -> str:
    return f"{money_micro // 10**6}.{money_micro % 10**6:06d}"


def _octets(text: str) -> bytes:
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) != 8:
        fail(f"{text}: an id has 16 hex digits")
    return octets
