"""`gridtide firmware` builds what runs on a board; `gridtide flash` puts it there."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.boards import ROLES, boards
from deploy.build import Build, build
from deploy.errors import BuildError, DeployError, FlashError
from deploy.flash import AUTO, LAYOUTS, Job, flash
from deploy.slots import INSTALLED, RELEASE, Trust, installed, selector

Role = Annotated[str, typer.Option(help=f"one of {', '.join(ROLES)}")]
BoardName = Annotated[str, typer.Option("--board", help=f"one of {', '.join(boards())}")]
Out = Annotated[Path, typer.Option(help="where the tree and the image go")]
OUT = Path("out/firmware")


def firmware(
    role: Annotated[str, typer.Option(help=f"one of {', '.join(ROLES)}; without one, all")] = "",
    board: Annotated[str, typer.Option(help=f"one of {', '.join(boards())}; without one, all")] = "",
    out: Out = OUT,
) -> None:
    """
    Cross-compile a role for a board: a file tree and a ROMFS image, within their budget.

    Example: gridtide firmware --role meter --board esp32_c3
    """
    try:
        if role and role not in ROLES:
            raise BuildError(f"ROLE={role} is not known: one of {', '.join(ROLES)}")
        for name in [role] if role else ROLES:
            for target in [board] if board else [known.name for known in boards().values() if name in known.roles]:
                _build(name, target, out)
    except DeployError as error:
        _fail("firmware", error)


def _build(role: str, board: str, out: Path) -> tuple[Build, Path]:
    made, folder = build(role, board), out / f"{role}-{board}"
    made.write(folder)
    share = 100 * len(made.rom) // made.budget
    print(
        f"{role:6} {board:14} {made.board.architecture:10} {len(made.files):3} files"
        f" {len(made.rom):7} bytes, {share:3} % of its budget  {folder}"
    )
    made.check_budget()
    return made, folder


def flash_board(
    port: Annotated[str, typer.Option(help="serial port, /dev/ttyUSB0 or COM3")],
    role: Role,
    board: BoardName,
    config: Annotated[Path, typer.Option(help="the device's config.json")],
    key: Annotated[
        Path | None,
        typer.Option(help="its secret seed, 32 bytes; without one the board makes its own key, and keeps it"),
    ] = None,
    micropython: Annotated[Path | None, typer.Option(help="a MicroPython image to write first, with esptool")] = None,
    layout: Annotated[
        str,
        typer.Option(help=f"one of {', '.join(LAYOUTS)}: two slots where the board has room for them, or files"),
    ] = AUTO,
    release_keys: Annotated[
        Path | None, typer.Option(help="whose updates a board with slots takes: see gridtide release --help")
    ] = None,
    version: Annotated[int, typer.Option(help="of this build, as releases count them")] = 1,
    out: Out = OUT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print each step and do none")] = False,
    patience_s: Annotated[float, typer.Option(help="how long to wait for the first signed reading")] = 1200.0,
) -> None:
    """
    Build, write, provision, restart, and wait for the first signed reading.

    A board whose MicroPython has a ROMFS partition gets two slots and a selector, and with --release-keys takes
    updates over the air; any other gets the files. The key is made on the board, unless --key gives it one.

    Example: gridtide flash --port /dev/ttyUSB0 --role meter --board esp32_c3 --config meter-01.json
    --release-keys release-keys.json
    """
    try:
        made, folder = _build(role, board, out)
        _write_selector(made, folder, version, Trust.load(release_keys) if release_keys else None)
        job = Job(port, made.board, folder, config, key, micropython, layout)
        _check(job, role, board)
        if dry_run:
            print("\n".join(job.plan()))
            print(f"# wait for the first signed reading on {port}, at most {patience_s:g} s")
            return
        public_key = flash(job, lambda what: print(what, flush=True))
        _await_reading(job, public_key, patience_s)
    except DeployError as error:
        _fail("flash", error)


def _write_selector(made: Build, folder: Path, version: int, trust: Trust | None) -> None:
    on_board = installed(version, made.rom)
    files = selector(made.board.architecture) | {INSTALLED: json.dumps(on_board).encode()}
    if trust:
        files[RELEASE] = trust.release_json(on_board)
    place = folder / "selector"
    place.mkdir(exist_ok=True)
    for path in place.iterdir():
        path.unlink()
    for name, data in files.items():
        (place / name).write_bytes(data)


def _check(job: Job, role: str, board: str) -> None:
    """What would only show on the board, minutes later."""
    if job.layout not in LAYOUTS:
        raise FlashError(f"--layout {job.layout}: one of {', '.join(LAYOUTS)}")
    for path in (job.config, job.key, job.micropython):
        if path and not path.is_file():
            raise FlashError(f"there is no {path}")
    config = job.settings()
    for name, wanted in (("role", role), ("board", board)):
        if config.get(name) != wanted:
            raise FlashError(f"{job.config}: {name} is {config.get(name)!r}, and {wanted!r} is asked for")
    if job.key and len(job.key.read_bytes()) != 32:
        raise FlashError(f"{job.key} must hold 32 bytes")


def _await_reading(job: Job, public_key: bytes, patience_s: float) -> None:
    from deploy.console import first_reading, lines  # noqa: PLC0415  its libraries are not needed to build

    network_id = bytes.fromhex(job.settings()["network_id"])
    print(
        f"wait for the first signed reading: it comes at the end of a quarter hour, at most {patience_s:g} s",
        flush=True,
    )
    seen = first_reading(lines(job.port, patience_s), public_key, network_id, lambda line: print(f"  {line[:100]}"))
    record = seen.records[-1]
    print(
        f"boot {seen.boot}, reading {seen.sequence}: {record.voltage_mv / 1000:g} V, {record.power_w} W. It verifies."
    )


def _fail(command: str, error: DeployError) -> None:
    print(f"gridtide {command}: {error}", file=sys.stderr)
    raise typer.Exit(1)
