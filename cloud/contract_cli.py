"""
`gridtide contract ...`: what a user agrees to for one meter, from a TOML file (examples/contract-*.toml): opened,
amended and closed by its owner. docs/ledger.md says what the terms do.
"""

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, NoReturn

import typer

from chain.contracts import are_terms_sound
from chain.state import State, u32
from wire import contract
from wire.energy_type import NAMES

from .console import Broker, GenesisFile, GroupKey, Key, Ledger, fail, send, sign_next, signer_of, state_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Contracts of a user's meters.")

KINDS = {"supply": contract.SUPPLY, "deferrable": contract.DEFERRABLE, "battery": contract.BATTERY}
CLOSE = SimpleNamespace(KIND=contract.CLOSE_KIND, LAYOUT=contract.CLOSE_LAYOUT)
Out = Annotated[Path | None, typer.Option(help="write the signed transaction to this file")]
Content = tuple[int, bytes, tuple[int, ...], tuple[int, ...]]


@app.command("list")
def list_contracts(ledger: Ledger, genesis: GenesisFile) -> None:
    """Print every contract with its owner, its meter and its terms."""
    names = {number: name for name, number in KINDS.items()}
    for key, agreed in state_of(ledger, genesis).contracts.items():
        terms = zip(contract.TERMS[agreed.contract_kind], agreed.terms, strict=False)
        said = " ".join(f"{name}={value}" for name, value in terms)
        types = ",".join(NAMES[number] for number in agreed.energy_types)
        typer.echo(
            f"{int.from_bytes(key, 'big')}  {names[agreed.contract_kind]}  meter {agreed.device_id.hex()}  "
            f"owner {agreed.owner_id.hex()}  {'open' if agreed.is_open else 'closed'}  {types}  {said}"
        )


@app.command("open")
def open_contract(
    ledger: Ledger,
    genesis: GenesisFile,
    file: Annotated[Path, typer.Argument(help="kind, meter and terms, as in examples/", metavar="CONTRACT.toml")],
    key: Key,
    amend: Annotated[int, typer.Option(help="number of an open contract of the same kind and meter, to change it")] = 0,
    broker: Broker = "",
    group_key: GroupKey = None,
    out: Out = None,
) -> None:
    """
    Open a contract, or with --amend change one: its earlier versions stay on record.

    Example: gridtide contract open ledger.sqlite genesis.toml examples/contract-supply.toml --key me.key --broker B
    """
    state = state_of(ledger, genesis)
    number = amend or max((int.from_bytes(taken, "big") for taken, _ in state.contracts.items()), default=0) + 1
    transaction = sign_next(state, signer_of(key), contract, (number, *_read(file)))
    typer.echo(f"contract {number}")
    send(transaction, broker, group_key, out)


@app.command()
def close(
    ledger: Ledger,
    genesis: GenesisFile,
    number: Annotated[int, typer.Argument(help="as `list` shows it", metavar="NUMBER")],
    key: Key,
    broker: Broker = "",
    group_key: GroupKey = None,
    out: Out = None,
) -> None:
    """End a contract. Its number stays taken."""
    state = state_of(ledger, genesis)
    _require_open(state, number)
    send(sign_next(state, signer_of(key), CLOSE, (number,)), broker, group_key, out)


def _require_open(state: State, number: int) -> None:
    agreed = state.contracts.get(u32(number)) if 0 < number < 1 << 32 else None
    if agreed is None or not agreed.is_open:
        fail(f"{number}: no open contract; `gridtide contract list` shows them")


def _read(path: Path) -> Content:
    """Kind, meter, terms and energy types of a contract's file."""
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}")
    unknown = table.keys() - {"kind", "meter", "energy_types", "terms"}
    if unknown:
        fail(f"{path}: {', '.join(sorted(unknown))}: not of a contract (kind, meter, energy_types, [terms])")
    kind = KINDS.get(table.get("kind", ""))
    if kind is None:
        fail(f"{path}: kind must be one of {', '.join(KINDS)}")
    terms = _terms(path, kind, table.get("terms", {}))
    return kind, _meter(path, table.get("meter")), terms, _energy_types(path, table.get("energy_types", []))


def _terms(path: Path, kind: int, given: Any) -> tuple[int, ...]:
    """In the order of the wire. All are needed, but of a supply contract those at the end."""
    names = contract.TERMS[kind]
    if not isinstance(given, dict) or any(type(value) is not int for value in given.values()):
        _wrong(path, "each must be a whole number")
    if given.keys() - set(names):
        _wrong(path, f"{', '.join(sorted(given.keys() - set(names)))}: not of this kind; it has {', '.join(names)}")
    count = len(given) if kind == contract.SUPPLY else len(names)
    missing = [name for name in names[: max(count, 1)] if name not in given]
    if missing:
        _wrong(path, f"{', '.join(missing)}: missing")
    terms = tuple(given[name] for name in names[:count])
    if not are_terms_sound(kind, terms):
        _wrong(path, "out of range, or against one another (docs/ledger.md)")
    return terms


def _wrong(path: Path, text: str) -> NoReturn:
    fail(f"{path}: [terms]: {text}")


def _meter(path: Path, text: Any) -> bytes:
    try:
        meter = bytes.fromhex(text)
    except (TypeError, ValueError):
        meter = b""
    if len(meter) != 8:
        fail(f"{path}: meter must be its id, 16 hex digits")
    return meter


def _energy_types(path: Path, names: Any) -> tuple[int, ...]:
    if not isinstance(names, list) or any(name not in NAMES for name in names) or len(set(names)) != len(names):
        fail(f"{path}: energy_types must be some of {', '.join(NAMES)}, preferred first")
    return tuple(NAMES.index(name) for name in names)
