"""
`gridtide member ...`: who belongs to a ledger, what they may do there, and the group key that opens it. The operator
signs; docs/ledgers.md tells the story of an organisation that comes and goes.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from chain.ledgers import TAKES, Member, key_for, open_key
from chain.state import State
from link.keys import load_key
from wire import kind, membership
from wire.membership import READ, WRITE

from .console import Broker, GenesisFile, GroupKey, Key, Ledger, fail, sign_next, signer_of, state_of, submit_all

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Members of a ledger, and its group key.")

MemberId = Annotated[str, typer.Argument(help="16 hex digits, as `list` shows them", metavar="MEMBER")]
KeyFile = Annotated[Path, typer.Option("--group-key", help="the file of the group's keys, the newest first")]
Folder = Annotated[Path | None, typer.Option(help="write the signed transactions into this folder")]


@app.command("list")
def list_members(ledger: Ledger, genesis: GenesisFile) -> None:
    """Print every member, what they may do, and the box with the group key that only they can open."""
    for member_id, member in state_of(ledger, genesis).members.items():
        typer.echo(f"{member_id.hex()}  {_rights(member)}  {member.group_key.hex()}".rstrip())


@app.command()
def admit(
    ledger: Ledger,
    genesis: GenesisFile,
    key: Key,
    public_key: Annotated[str, typer.Option(help="the organisation's key, 64 hex digits")],
    reads: Annotated[bool, typer.Option(help="may read: gets the group key in a sealed box")] = True,
    writes: Annotated[str, typer.Option(help="kinds of transaction they may send, with commas: anchor,offer")] = "",
    group_key: GroupKey = None,
    broker: Broker = "",
    out: Folder = None,
) -> None:
    """
    Take an organisation in, or change what it may do.

    Example: gridtide member admit l.sqlite l.toml --key operator.key --public-key HEX --writes anchor --group-key g.key
    """
    state = state_of(ledger, genesis)
    public, kinds = _public_key(public_key), _kinds(writes, state.genesis.ledger_kind)
    if reads and group_key is None:
        fail("--group-key: who reads needs the group's key (or --no-reads)")
    box = key_for(_newest(group_key), public) if reads and group_key is not None else b""
    rights = (READ if reads else 0) + (WRITE if kinds else 0)
    member_id = sha256(public).digest()[:8]
    signed = sign_next(state, signer_of(key), membership, (member_id, public, rights, kinds, box))
    typer.echo(f"member {member_id.hex()}" + (f", box {box.hex()}" if box else ""))
    _send([signed], broker, group_key, out)


@app.command()
def dismiss(
    ledger: Ledger,
    genesis: GenesisFile,
    member: MemberId,
    key: Key,
    group_key: GroupKey = None,
    broker: Broker = "",
    out: Folder = None,
) -> None:
    """End a membership: nothing they sign is taken from now on. Then `renew`, so that they cannot read on either."""
    state = state_of(ledger, genesis)
    member_id = _member(state, member)
    content = (member_id, state.subjects.get(member_id).public_key, 0, (), b"")
    _send([sign_next(state, signer_of(key), membership, content)], broker, group_key, out)


@app.command()
def renew(
    ledger: Ledger, genesis: GenesisFile, key: Key, group_key: KeyFile, broker: Broker = "", out: Folder = None
) -> None:
    """Make the group's next key: a box for every member who reads, and the first line of the file."""
    state, signer, before = state_of(ledger, genesis), signer_of(key), _keys(group_key)
    next_key = os.urandom(32)
    signed: list[bytes] = []
    for member_id, member in state.members.items():
        if member.rights & READ:
            public = state.subjects.get(member_id).public_key
            content = (member_id, public, member.rights, member.kinds, key_for(next_key, public))
            signed.append(sign_next(state, signer, membership, content, later=len(signed)))
    _send(signed, broker, group_key, out)
    _write([next_key, *before], group_key)
    typer.echo(f"{len(signed)} members have the next key; full node and light nodes take it when they start")


@app.command("open")
def open_box(
    box: Annotated[str, typer.Argument(help="as `list` and `admit` print it", metavar="BOX")],
    key: Key,
    group_key: KeyFile,
) -> None:
    """Open the box with the group's key and put the key first in the file."""
    try:
        opened = open_key(bytes.fromhex(box), load_key(key))
    except ValueError as error:
        fail(f"box or key: {error}")
    _write([opened, *(_keys(group_key) if group_key.exists() else [])], group_key)


def _rights(member: Member) -> str:
    writes = ",".join(_names()[number] for number in member.kinds)
    return " ".join(filter(None, ("reads" * bool(member.rights & READ), f"writes {writes}" * bool(writes)))) or "left"


def _names() -> dict[int, str]:
    """The kinds of transaction, by number, as one writes them."""
    return {number: name.lower() for name, number in vars(kind).items() if number in kind.TRANSACTIONS}


def _kinds(text: str, ledger_kind: str) -> tuple[int, ...]:
    taken = {name: number for number, name in _names().items() if number in TAKES[ledger_kind]}
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in taken:
            fail(f"--writes {name}: this ledger takes {', '.join(sorted(taken))}")
    return tuple(sorted({taken[name] for name in names}))


def _public_key(text: str) -> bytes:
    try:
        public = bytes.fromhex(text)
    except ValueError:
        public = b""
    if len(public) != 32:
        fail("--public-key: 64 hex digits")
    return public


def _member(state: State, text: str) -> bytes:
    member_id = next((member_id for member_id, _ in state.members.items() if member_id.hex() == text.lower()), None)
    if member_id is None:
        fail(f"{text}: no member; `gridtide member list` shows them")
    return member_id


def _keys(path: Path) -> list[bytes]:
    """Raises nothing: what is wrong ends the command."""
    try:
        return [bytes.fromhex(line) for line in path.read_text().split()]
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}")


def _newest(path: Path) -> bytes:
    keys = _keys(path)
    if not keys or len(keys[0]) != 32:
        fail(f"{path}: no group key (64 hex digits)")
    return keys[0]


def _write(keys: list[bytes], path: Path) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("".join(f"{one.hex()}\n" for one in dict.fromkeys(keys)))


def _send(signed: list[bytes], broker: str, group_key: Path | None, out: Path | None) -> None:
    """Submitted one after the other, or written as files; one of the two must be asked for."""
    if not broker and out is None:
        fail("give --broker to submit, or --out to write")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for number, transaction in enumerate(signed):
            (out / f"membership-{number}.tx").write_bytes(transaction)
    if broker and not submit_all(signed, broker, group_key):
        raise typer.Exit(1)
