"""
`gridtide settlement ...`: what households earned or owe, moved to settlement keys that nobody but they and the operator
can tell are theirs; found again, shown to whom one likes, and spent. docs/privacy.md tells how.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chain.errors import LedgerError
from chain.household import Holding, ViewKey, compose, holdings, payouts, read_view, view_key
from chain.ledger_file import LedgerFile
from chain.payout import due, period_before
from chain.query import nonce
from chain.settlement_key import SettlementKey
from chain.state import State
from link.keys import load_key
from wire import message, payout, transfer

from .console import Broker, GenesisFile, GroupKey, Key, Ledger, fail, sign_next, signer_of, state_of, submit_all

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Pay out to settlement keys, find and spend them.")

Out = Annotated[Path | None, typer.Option(help="write the signed transaction to this file")]
ViewFile = Annotated[Path, typer.Argument(help="from: gridtide settlement view-key ... > FILE", metavar="VIEW.json")]
Money = Annotated[str, typer.Option(help="in whole units of the currency, like 0.25")]


@app.command("pay-out")
def pay_out(
    ledger: Ledger,
    genesis: GenesisFile,
    key: Key,
    unit: Money,
    period: Annotated[int | None, typer.Option(help="UTC day, days since 1970; the last that is over")] = None,
    share: Annotated[int, typer.Option(help="of the accounts, where they are more than one payout holds")] = 0,
    shares: Annotated[int, typer.Option(help="into how many shares they are divided")] = 1,
    broker: Broker = "",
    group_key: GroupKey = None,
    out: Out = None,
) -> None:
    """
    Move whole units from all households' accounts to their settlement keys of a period; the operator signs.

    Example: gridtide settlement pay-out l.sqlite genesis.toml --key operator.key --unit 0.5 --broker localhost:1883
    """
    if not 0 <= share < shares:
        fail("--share: from 0, and below --shares")
    state, signer = state_of(ledger, genesis), signer_of(key)
    day = period_before(state.interval) if period is None else period
    content = compose(state, load_key(key), nonce(state, signer.identity) + 1, day, _unit(unit), share, shares)
    typer.echo(f"period {day}: {len(content.credited)} keys get {unit}, {len(content.debited)} owe it")
    signed = message.seal(payout.KIND, payout.LAYOUT, content, signer.identity, state.genesis.network_id, signer.sign)
    _send(signed, broker, group_key, out)


@app.command("view-key")
def make_view_key(
    ledger: Ledger,
    genesis: GenesisFile,
    key: Key,
    household: Annotated[str, typer.Option(help="the operator's command: whose, 16 hex digits")] = "",
) -> None:
    """
    Print the view key of a household: who has it follows that household's money through all periods, and signs nothing.

    Example: gridtide settlement view-key ledger.sqlite genesis.toml --key user.key > view.json
    """
    state, signer = state_of(ledger, genesis), signer_of(key)
    is_operator = signer.identity == state.genesis.operator_id
    household_id = _id(household) if is_operator and household else signer.identity
    subject = state.subjects.get(household_id)
    if subject is None:
        fail(f"{household_id.hex()}: no such household on this ledger")
    other = subject.public_key if is_operator else state.genesis.operator_public_key
    view = view_key(load_key(key), other, subject.public_key)
    typer.echo(view.text)


@app.command()
def show(
    ledger: Ledger,
    genesis: GenesisFile,
    view: ViewFile,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON list")] = False,
) -> None:
    """Print a household's settlement keys of all periods, what they got, and what is left."""
    state = state_of(ledger, genesis)
    found = _view(view)
    held = [(one, _left(state, one)) for one in _holdings(ledger, found)]
    account = state.wallets.get(found.household_id)
    if as_json:
        typer.echo(
            json.dumps([{**one._asdict(), "key_id": one.key_id.hex(), "balance_micro": left} for one, left in held])
        )
        return
    for one, left in held:
        said = "spent" if left is None else f"left {amount(left)}"
        typer.echo(f"period {one.period}  {one.key_id.hex()}  {amount(one.unit_micro)}  {said}")
    total = sum(left or 0 for _, left in held)
    waiting = 0 if account is None else account.balance_micro
    typer.echo(f"{len(held)} settlement keys with {amount(total)}; not paid out yet {amount(waiting)}")


@app.command("transfer")
def make_transfer(
    ledger: Ledger,
    genesis: GenesisFile,
    key: Key,
    to: Annotated[str, typer.Option(help="a wallet's id, 16 hex digits; zeros: cash in at the operator")],
    money: Money,
    by: Annotated[str, typer.Option(help="the settlement key that pays, by its id; else the key's own wallet")] = "",
    broker: Broker = "",
    group_key: GroupKey = None,
    out: Out = None,
) -> None:
    """
    Move money from a wallet to another: the key's own (the operator's is the grid's), or one of its settlement keys.

    Example: gridtide settlement transfer l.sqlite genesis.toml --key user.key --by ID --to 0000000000000000 --money 0.5
    """
    state, content = state_of(ledger, genesis), (_id(to), micro(money))
    if not by:
        _send(sign_next(state, signer_of(key), transfer, content), broker, group_key, out)
        return
    seed, operator = load_key(key), state.genesis.operator_public_key
    view = view_key(seed, operator, signer_of(key).public_key)
    mine = [one for one in _holdings(ledger, view) if one.key_id.hex() == by]
    if not mine:
        fail(f"{by}: no settlement key of this household")
    signer = SettlementKey(seed, operator, mine[0].period, mine[0].number)
    fields = (nonce(state, mine[0].key_id) + 1, *content)
    network_id = state.genesis.network_id
    signed = message.seal(transfer.KIND, transfer.LAYOUT, fields, mine[0].key_id, network_id, signer.sign)
    _send(signed, broker, group_key, out)


@app.command("due")
def show_due(ledger: Ledger, genesis: GenesisFile, unit: Money) -> None:
    """Print how many units each household's account would give; negative: owes."""
    for account, count in due(state_of(ledger, genesis), _unit(unit)).items():
        typer.echo(f"{account.hex()}  {count}")


def _unit(text: str) -> int:
    return micro(text) or fail("--unit: more than nothing")


def _id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    return found if len(found) == 8 else fail(f"{text}: an id has 16 hex digits")


def _view(path: Path) -> ViewKey:
    try:
        return read_view(path)
    except ValueError as error:
        fail(str(error))


def _left(state: State, held: Holding) -> int | None:
    """None when it is spent and gone."""
    wallet = state.wallets.get(held.key_id)
    return None if wallet is None else wallet.balance_micro


def _holdings(ledger: Path, view: ViewKey) -> Sequence[Holding]:
    try:
        file = LedgerFile(ledger, is_writing=False)
        try:
            return holdings(payouts(file), view)
        finally:
            file.close()
    except LedgerError as error:
        fail(str(error))


def _send(signed: bytes, broker: str, group_key: Path | None, out: Path | None) -> None:
    if out is not None:
        out.write_bytes(signed)
    if broker:
        raise typer.Exit(0 if submit_all([signed], broker, group_key) else 1)
    if out is None:
        typer.echo(signed.hex())


def micro(text: str) -> int:
    """Whole millionths in a decimal number; more digits are an error."""
    whole, _, digits = text.partition(".")
    if not whole.isdecimal() or len(digits) > 6 or (digits and not digits.isdecimal()):
        fail(f"{text}: a number with at most six decimals, like 0.25")
    return int(whole) * 10**6 + int(digits.ljust(6, "0") or 0)


def amount(money_micro: int) -> str:
    sign = "-" if money_micro < 0 else ""
    return f"{sign}{abs(money_micro) // 10**6}.{abs(money_micro) % 10**6:06d}"
