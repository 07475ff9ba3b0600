"""
What a person sees while the day runs: a panel that is redrawn in place on a terminal, and a line now and then where
output is a file or a log. It only shows what it is told; the bench calls `update` whenever it likes.
"""

from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hil.figures import zone
from wire import energy_type

_LINES = 10  # progress lines without a terminal


class Live:
    """
    options: what `scenario` and `seed` are asked of. The state given to `update` may leave keys out: now_s, progress
    (0..1), readings_verified, height, prices (micro per kWh, by energy type), feeder_w, feeder_limit_w,
    commands_obeyed, commands_issued. `close`, or the end of the with block, gives the terminal back.
    """

    def __init__(self, options: Any, console: Console) -> None:
        self._title = f"{options.scenario}, seed {options.seed}"
        self._console = console
        # No thread of its own: the bench forks, and a fork should not meet a second thread.
        self._screen = Screen(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._state: dict[str, Any] = {}
        self._lines_shown = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._screen:
            self._screen.stop()

    def update(self, state: dict[str, Any]) -> None:
        self._state |= state
        if self._screen:
            self._screen.start()
            self._screen.update(panel(self._title, self._state), refresh=True)
            return
        due = int(self._state.get("progress", 0) * _LINES)
        if due > self._lines_shown:
            self._lines_shown = due
            self._console.print(line(self._state), highlight=False, soft_wrap=True)


def line(state: dict[str, Any]) -> str:
    """The state in one line."""
    prices = " ".join(f"{name} {micro / 1e6:.3f}" for name, micro in _prices(state))
    return (
        f"{_time(state)} {state.get('progress', 0):4.0%}  readings {state.get('readings_verified', 0)}"
        f"  height {state.get('height', 0)}  feeder {_feeder(state)}  commands {_commands(state)}  {prices}"
    ).rstrip()


def panel(title: str, state: dict[str, Any]) -> Panel:
    """The state as a panel for a terminal."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column()
    table.add_row("time", _time(state))
    table.add_row("readings verified", f"{state.get('readings_verified', 0):,}")
    table.add_row("ledger height", f"{state.get('height', 0):,}")
    for name, micro in _prices(state):
        table.add_row(f"price of {name}", f"{micro / 1e6:.3f} per kWh")
    table.add_row("feeder", _feeder_bar(state))
    table.add_row("commands", _commands(state))
    progress = ProgressBar(total=1.0, completed=min(1.0, state.get("progress", 0)))
    return Panel(Group(progress, table), title=title, title_align="left")


def _prices(state: dict[str, Any]) -> list[tuple[str, int]]:
    return list(zip(energy_type.NAMES, state.get("prices", ()), strict=False))


def _time(state: dict[str, Any]) -> str:
    if "now_s" not in state:
        return "--:--"
    return datetime.fromtimestamp(state["now_s"], zone()).strftime("%a %d %b %H:%M")


def _feeder(state: dict[str, Any]) -> str:
    return f"{state.get('feeder_w', 0) / 1000:.1f} of {state.get('feeder_limit_w', 0) / 1000:.1f} kW"


def _feeder_bar(state: dict[str, Any]) -> Text:
    share = abs(state.get("feeder_w", 0)) / max(1, state.get("feeder_limit_w", 0))
    style = "red" if share > 1 else "yellow" if share > 0.85 else "green"
    return Text("█" * round(20 * min(1.0, share)), style=style).append(f" {_feeder(state)}", style="default")


def _commands(state: dict[str, Any]) -> str:
    return f"{state.get('commands_obeyed', 0)} of {state.get('commands_issued', 0)} obeyed"
