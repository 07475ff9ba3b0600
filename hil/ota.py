"""`gridtide ota`: roll new firmware out over the bench's devices, in waves that stop on failures."""

import json
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from hil.cli import _fail, _interrupt
from hil.errors import BenchError, OptionError
from hil.firmware import FAULTS
from hil.options import Options

if TYPE_CHECKING:
    from hil.rollout import Rollout

_WAVES, _AT_A_TIME = (1, 3), 4  # as in aggregator/ota.py


def ota(
    bad: Annotated[str, typer.Option(help=f"a new version that fails: {', '.join(FAULTS)}", metavar="FAULT")] = "",
    meters: Annotated[int, typer.Option(help="1 to 300")] = 30,
    mlmds: Annotated[int, typer.Option(help="1 to 30")] = 3,
    failures_max: Annotated[int, typer.Option(help="more devices that go back, or fall silent, stop it")] = 0,
    hours: Annotated[float, typer.Option(help="0.5 to 36")] = 2.0,
    start: Annotated[str, typer.Option(help="where in the day to begin, UTC")] = "11:00",
    seed: Annotated[int, typer.Option(help="fixes keys, homes and weather")] = 1,
    out: Annotated[Path, typer.Option(help="where the report, evidence and logs go")] = Path("out/ota"),
) -> None:
    """Roll version 2 of the firmware out over emulated boards that run version 1: one, then three, then the rest.

    Every board fetches its image in pieces through its M-LMD, tries it, and keeps it or goes back. The exit status
    is 0 when all run version 2, or with --bad, when all run version 1 and the rollout stopped in the first wave that
    had more failures than are allowed; and every invariant of the day holds.

    Example: gridtide ota --bad hangs --meters 4 --mlmds 1
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if bad and bad not in FAULTS:
        _fail(f"--bad {bad}: not one of {', '.join(FAULTS)}", 2, "ota")
    try:
        options = Options("sunny_day", seed, 0.0, meters, mlmds, "auto", out, hours, start)
        good = _play(options, bad or None, failures_max, Console())
    except OptionError as error:
        _fail(str(error), 2, "ota")
    except BenchError as error:
        _fail(str(error), 1, "ota")
    except KeyboardInterrupt:
        _fail("interrupted: every process has been ended", 130, "ota")
    raise typer.Exit(0 if good else 1)


def _play(options: Options, fault: str | None, failures_max: int, console: Console) -> bool:
    # The plant's and the report's libraries take a second to load: not for --help.
    from hil.report import build  # noqa: PLC0415
    from hil.rollout import FIRST, SECOND, Rollout  # noqa: PLC0415

    def tell(now_s: int, line: str) -> None:
        console.print(f"{datetime.fromtimestamp(now_s, UTC):%H:%M:%S}  {line}", highlight=False, soft_wrap=True)

    run = Rollout(options, fault, tell, failures_max)
    run.play()
    holds = build(run.evidence, options.out)
    _show(run, console)
    report = json.loads((options.out / "report.json").read_text(encoding="utf-8"))
    failed = [one["name"] for one in report["invariants"] if not one["holds"]]
    console.print("all invariants hold" if holds else f"not held: {', '.join(failed)}", highlight=False)
    versions = run.versions()
    if fault is None:
        return holds and set(versions) == {SECOND}
    back = [one for one in run.seen.values() if one.reason]
    tried = [one for one in run.seen.values() if one.pieces]
    return holds and set(versions) == {FIRST} and back == tried and _is_stopped_in_time(len(back), failures_max)


def _is_stopped_in_time(failures: int, failures_max: int) -> bool:
    """One device, three, all others: those of the wave that passed the limit, at most as many as fetch at a time."""
    begun = next((sum(_WAVES[:n]) for n in (1, 2) if sum(_WAVES[:n]) > failures_max), failures_max + _AT_A_TIME)
    return failures_max < failures <= begun


def _show(run: "Rollout", console: Console) -> None:
    table = Table("device", "version", "pieces asked for", "starts", "went back")
    for seen in sorted(run.seen.values(), key=lambda one: one.name):
        starts = run.devices[seen.name].boots
        table.add_row(seen.name, str(seen.version), str(seen.pieces), str(starts), seen.reason)
    console.print(table)
    said = ", ".join(f"{count} run version {version}" for version, count in sorted(run.versions().items()))
    wave, stopped = run.waves()[-1]
    console.print(f"{said}; the rollout {'stopped' if stopped else 'ended'} in wave {wave}", highlight=False)
