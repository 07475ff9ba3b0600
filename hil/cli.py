"""`gridtide hil`: play one day of a neighbourhood on emulated boards."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from hil.errors import BenchError, OptionError
from hil.options import Options
from hil.scenario import SCENARIOS

_DAYS = "\n\n".join(f"{scenario.name}: {scenario.description}" for scenario in SCENARIOS.values())
_HELP = f"""Play one day of a low-voltage neighbourhood: firmware on emulated boards, aggregator, cloud, ledger, a grid.

{_DAYS}

Examples:

gridtide hil                                       the default day, as fast as the machine can

gridtide hil --scenario rough_day --seed 7         faults and replays

gridtide hil --meters 12 --mlmds 2 --hours 2       a small, short one

gridtide hil --engine cometbft                     the same day, four validators agree on its blocks

gridtide hil --speed 1 --start 11:00 --hours 1     in real time, with latency figures

The exit status is 0 only if every invariant in OUT/report.json holds."""


def hil(
    scenario: Annotated[str, typer.Option(help=f"one of {', '.join(SCENARIOS)}", metavar="NAME")] = "sunny_day",
    seed: Annotated[int, typer.Option(help="fixes keys, homes, weather and so the app hash")] = 1,
    speed: Annotated[float, typer.Option(help="at most this many times real time; 0: no limit")] = 0.0,
    meters: Annotated[int, typer.Option(help="1 to 300")] = 30,
    mlmds: Annotated[int, typer.Option(help="1 to 30, at most one per meter, at least one per 20")] = 3,
    broker: Annotated[str, typer.Option(help="auto, mosquitto or amqtt")] = "auto",
    out: Annotated[Path, typer.Option(help="where the report, evidence and logs go")] = Path("out/hil"),
    hours: Annotated[float, typer.Option(help="0.5 to 36")] = 24.0,
    start: Annotated[str, typer.Option(help="where in the day to begin, UTC")] = "00:00",
    engine: Annotated[str, typer.Option(help="of the ledger: embedded, or cometbft with four validators")] = "embedded",
    tls: Annotated[bool, typer.Option(help="TLS between M-LMDs and the broker, certificates both ways")] = True,
) -> None:
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    try:
        options = Options(scenario, seed, speed, meters, mlmds, broker, out, hours, start, engine, tls)
        holds = _play(options, console)
    except OptionError as error:
        _fail(str(error), 2)
    except BenchError as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("interrupted: every process has been ended", 130)
    raise typer.Exit(0 if holds else 1)


def _play(options: Options, console: Console) -> bool:
    # The plant's and the report's libraries take a second to load: not for --help.
    from hil.live import Live  # noqa: PLC0415
    from hil.report import build, summary  # noqa: PLC0415
    from hil.run import Run  # noqa: PLC0415

    live = Live(options, console)
    run = Run(options, live.update)
    try:
        run.play()
    finally:
        live.close()
    holds = build(run.evidence, options.out)
    summary(json.loads((options.out / "report.json").read_text(encoding="utf-8")), console)
    console.print(f"{options.out / 'report.html'}", highlight=False, soft_wrap=True)
    return holds


def _interrupt(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _fail(text: str, status: int, command: str = "hil") -> None:
    print(f"gridtide {command}: {text}", file=sys.stderr)
    raise typer.Exit(status)


hil.__doc__ = _HELP
