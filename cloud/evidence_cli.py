"""
`gridtide ledger evidence ...`: what aggregators signed is made into an Evidence, looked at, and handed to the ledger.
Making and looking need nobody's trust and no key; handing in needs any key the ledger knows.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from chain import ed25519
from chain.errors import LedgerError
from chain.evidence import Fault, Unproved, of_light_blocks, prove
from chain.keys import keys_of
from chain.ledger_file import LedgerFile
from chain.rules.record_evidence import is_booked
from chain.state import State
from wire import cose, evidence, kind, light_block, message
from wire.errors import WireError

from .console import Broker, GenesisFile, GroupKey, Key, Ledger, fail, sign_next, signer_of, state_of, submit_all

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Show that an aggregator did wrong.")

BLOCK_HELP = "a light block: a file with it as signed, or AGGREGATOR/NUMBER of one on the ledger"
Made = Annotated[Path, typer.Argument(help="the evidence, as `make` writes it", metavar="EVIDENCE")]
NOBODY = bytes(8)


@app.command()
def make(
    ledger: Ledger,
    genesis: GenesisFile,
    out: Annotated[Path, typer.Option(help="the file to write")],
    block: Annotated[str, typer.Option(help=BLOCK_HELP)],
    contrary: Annotated[str, typer.Option(help=f"the other one of two; {BLOCK_HELP}")] = "",
    device: Annotated[str, typer.Option(help="id of the device whose readings say otherwise")] = "",
    leaves: Annotated[
        list[Path] | None, typer.Option(help="JSON of its readings in a light block (python -m aggregator leaves)")
    ] = None,
) -> None:
    """
    Make an evidence: of two light blocks for one number or part (--block, --contrary), of a light block and a device's
    readings in it (--block, --device, --leaves), or of one reading in two parts of a window (all, --leaves twice).

    Example: gridtide ledger evidence make ledger.sqlite genesis.toml --block 8f1e.../7 --contrary seen.bin --out e.bin
    """
    first, second = _light_block(ledger, block), _light_block(ledger, contrary) if contrary else b""
    shown = of_light_blocks(0, first, second)
    if device:
        shown = evidence.Evidence(0, first, second, _id(device), _shown(leaves or [], bool(contrary)))
    elif not contrary:
        fail("give --contrary, or --device and --leaves")
    fault = _prove(shown, state_of(ledger, genesis))
    out.write_bytes(message.encode(evidence.LAYOUT, shown))
    typer.echo(_said(fault))


@app.command()
def inspect(ledger: Ledger, genesis: GenesisFile, made: Made) -> None:
    """Say what an evidence proves, by the keys on the ledger. The exit status is 0 only when it proves a fault."""
    state = state_of(ledger, genesis)
    fault = _prove(_read(made), state)
    typer.echo(_said(fault))
    typer.echo("recorded already" if fault.key in state.faults else "not recorded yet")
    if any(fault.signed[3:7]) or any(fault.committed[3:7]):
        names = ("consumed", "produced", "charged", "discharged")
        rows = zip(names, fault.committed[3:7], fault.signed[3:7], strict=True)
        for name, committed_wh, signed_wh in rows:
            typer.echo(f"{name:10}  {committed_wh:8} Wh committed  {signed_wh:8} Wh as signed")
        booked = is_booked(state, fault.block, fault.digest)
        typer.echo("the light block is booked" if booked else "the light block is in no book: nothing to correct")


@app.command()
def submit(
    ledger: Ledger,
    genesis: GenesisFile,
    made: Made,
    key: Key,
    broker: Broker = "",
    group_key: GroupKey = None,
    out: Annotated[Path | None, typer.Option(help="write the signed transaction to this file")] = None,
) -> None:
    """Sign an evidence with the next nonce of --key, and hand it to the ledger: the aggregator is then excluded."""
    state, shown = state_of(ledger, genesis), _read(made)
    _prove(shown, state)
    transaction = sign_next(state, signer_of(key), evidence, tuple(shown)[1:])
    if out is not None:
        out.write_bytes(transaction)
    if broker and not submit_all([transaction], broker, group_key):
        raise typer.Exit(1)
    if not broker and out is None:
        fail("give a --broker to hand it in, or --out to write it")


def _prove(shown: Any, state: State) -> Fault:
    def keys(subject_id: bytes) -> list[bytes]:
        return [one.public_key for one in keys_of(state, subject_id)]

    try:
        return prove(shown, keys, state.genesis.network_id, ed25519.verify)
    except Unproved as error:
        typer.echo(f"it proves nothing: {error.status.name}", err=True)
        raise typer.Exit(1) from error


def _said(fault: Fault) -> str:
    block = fault.block
    what = f"two light blocks for number {block.number}, or for one part"
    if fault.earlier is not None:
        what = f"a reading of {fault.signed.device_id.hex()} counted twice"
    elif fault.signed.device_id != NOBODY:
        what = f"another value than {fault.signed.device_id.hex()} signed"
    place = f"window {block.window_start_s}, part {block.part}"
    return f"aggregator {fault.aggregator_id.hex()}, {place}: {what}"


def _read(path: Path) -> Any:
    try:
        return message.decode(evidence.LAYOUT, path.read_bytes(), evidence.SIZE_MAX)
    except (OSError, WireError) as error:
        fail(f"{path}: {error}")


def _id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    return found if len(found) == 8 else fail(f"{text}: an id is 16 hex digits")


def _shown(files: list[Path], is_twice: bool) -> tuple[Any, ...]:
    if len(files) != 1 + is_twice:
        fail("--leaves: one file for each light block, by python -m aggregator leaves STORE NUMBER DEVICE")
    trees = [_leaves(path) for path in files]
    if not is_twice:
        return tuple(trees[0])
    again = {leaf.reading: leaf for leaf in trees[1]}
    both = [(leaf, again[leaf.reading]) for leaf in trees[0] if leaf.reading in again]
    return both[0] if both else fail("no reading is in both")


def _leaves(path: Path) -> list[Any]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [
            evidence.Leaf(bytes.fromhex(row["reading"]), row["index"], tuple(map(bytes.fromhex, row["path"])))
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"{path}: {error}")


def _light_block(ledger: Path, where: str) -> bytes:
    if Path(where).is_file():
        return Path(where).read_bytes()
    aggregator, _, number = where.partition("/")
    if not number.isdigit():
        fail(f"{where}: neither a file nor AGGREGATOR/NUMBER")
    found = _on_ledger(ledger, _id(aggregator), int(number))
    return found or fail(f"{where}: no such light block on the ledger")


def _on_ledger(ledger: Path, aggregator_id: bytes, number: int) -> bytes | None:
    try:
        file = LedgerFile(ledger, is_writing=False)
    except LedgerError as error:
        fail(str(error))
    try:
        for block in file.blocks():
            for transaction, status in zip(block.transactions, block.statuses, strict=True):
                if status == 0 and _is_light_block(transaction, aggregator_id, number):
                    return transaction
    finally:
        file.close()
    return None


def _is_light_block(transaction: bytes, aggregator_id: bytes, number: int) -> bool:
    envelope = cose.open_envelope(transaction)
    if (envelope.kind, envelope.signer_id) != (kind.LIGHT_BLOCK, aggregator_id):
        return False
    return message.decode(light_block.LAYOUT, envelope.payload, light_block.SIZE_MAX).number == number
