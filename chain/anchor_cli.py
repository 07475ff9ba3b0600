"""`gridtide ledger anchor` and `gridtide ledger audit`: from one ledger to another, and back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from nacl.signing import SigningKey

from chain import hash_g
from chain.embedded import load_state
from chain.errors import LedgerError
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile
from chain.ledgers import Anchored
from chain.query import nonce
from chain.state import State
from wire import anchor as wire_anchor
from wire import message

Ledger = Annotated[Path, typer.Argument(help="the ledger's SQLite file", metavar="LEDGER.sqlite")]
GenesisFile = Annotated[Path, typer.Argument(help="its genesis", metavar="GENESIS.toml")]
OtherLedger = Annotated[Path, typer.Argument(help="the ledger with the anchors", metavar="ANCHORS.sqlite")]
OtherGenesis = Annotated[Path, typer.Argument(help="its genesis", metavar="ANCHORS.toml")]
Day = Annotated[str, typer.Option(help="a UTC day, like 2026-11-20")]


def anchor(
    ledger: Ledger,
    genesis: GenesisFile,
    anchors: OtherLedger,
    anchors_genesis: OtherGenesis,
    first: Day,
    last: Day,
    key: Annotated[Path, typer.Option(help="file with the member's secret key seed, 64 hex digits")],
    out: Annotated[Path, typer.Option(help="write the signed Anchor to this file, to be submitted")],
) -> None:
    """
    Sign the Hash_G of some days of one ledger, to stand on another.

    Example: gridtide ledger anchor group.sqlite group.toml regulator.sqlite regulator.toml --first 2026-11-01
    --last 2026-11-30 --key me.key --out anchor.tx
    """
    days, signer = range(_day(first), _day(last) + 1), _key(key)
    if not days:
        _fail(f"--last {last} is before --first {first}")
    with _opened(ledger, genesis) as (state, books), _opened(anchors, anchors_genesis) as (other, _):
        digest, count = hash_g.hash_g(books, days), len(books.plants(days))
    signer_id = sha256(bytes(signer.verify_key)).digest()[:8]
    fields = (nonce(other, signer_id) + 1, state.genesis.network_id, days[0], days[-1], count, digest)
    network_id = other.genesis.network_id

    def sign(data: bytes) -> bytes:
        return signer.sign(data).signature

    try:
        out.write_bytes(message.seal(wire_anchor.KIND, wire_anchor.LAYOUT, fields, signer_id, network_id, sign))
    except OSError as error:
        _fail(f"{out}: {error.strerror}")
    typer.echo(f"Hash_G {digest.hex()} over {count} plants and {len(days)} days")


def audit(
    ledger: Ledger,
    genesis: GenesisFile,
    anchors: OtherLedger,
    anchors_genesis: OtherGenesis,
    plant: Annotated[str, typer.Option(help="the plant's id, 16 hex digits")],
    day: Day,
) -> None:
    """
    Check any plant's day against every anchor that covers it. The exit status is 0 only when all of them agree.

    Example: gridtide ledger audit group.sqlite group.toml regulator.sqlite regulator.toml --plant ID --day 2026-11-20
    """
    plant_id, number = _plant(plant), _day(day)
    with _opened(ledger, genesis) as (state, books), _opened(anchors, anchors_genesis) as (other, _):
        covering = list(_covering(other, state.genesis.network_id, number))
        if not covering:
            _fail(f"no anchor covers {day}")
        for days, anchored in covering:
            if plant_id not in books.plants(days):
                _fail(f"{plant}: no such plant, or no readings of it from {_text(days[0])} to {_text(days[-1])}")
            if not _is_authentic(books, plant_id, number, days, anchored):
                raise typer.Exit(1)


def _is_authentic(books: hash_g.Books, plant_id: bytes, day: int, days: range, anchored: Anchored) -> bool:
    """Against one anchor; and says so. Raises RowsPruned."""
    shown = hash_g.audited(books, plant_id, day, days)
    place = books.plants(days).index(plant_id)
    is_good = hash_g.is_authentic(shown, plant_id, place, day, days, anchored.plant_count, anchored.hash_g)
    result = {"days": [_text(days[0]), _text(days[-1])], "authentic": is_good, "intervals": len(shown.rows)}
    typer.echo(json.dumps({**result, "day_hash": shown.day_hash.hex(), "hash_g": anchored.hash_g.hex()}))
    return is_good


def _covering(other: State, ledger_id: bytes, day: int) -> list[tuple[range, Anchored]]:
    found = []
    for key, anchored in other.anchors.items():
        first, last = int.from_bytes(key[8:12], "big"), int.from_bytes(key[12:16], "big")
        if key[:8] == ledger_id and first <= day <= last:
            found.append((range(first, last + 1), anchored))
    return found


@contextmanager
def _opened(path: Path, genesis: Path) -> Iterator[tuple[State, hash_g.Books]]:
    """A ledger's state and books, for as long as its file is open; what is wrong with it ends the command."""
    try:
        file = LedgerFile(path, is_writing=False)
        try:
            state = load_state(file, Genesis.load(genesis))
            yield state, hash_g.Books(state, file.history)
        finally:
            file.close()
    except LedgerError as error:
        _fail(str(error))


def _key(path: Path) -> SigningKey:
    try:
        return SigningKey(bytes.fromhex(path.read_text().strip()))
    except (OSError, ValueError) as error:
        _fail(f"{path}: a key is a file of 64 hex digits: {error}")


def _plant(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    return found if len(found) == 8 else _fail(f"{text}: a plant's id has 16 hex digits")


def _day(text: str) -> int:
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError:
        _fail(f"{text}: a day, like 2026-11-20")


def _text(day: int) -> str:
    return datetime.fromtimestamp(day * 86400, UTC).date().isoformat()


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(2)
