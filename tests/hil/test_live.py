"""What is shown while a day runs: a panel on a terminal, a line per tenth of the day elsewhere."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from hil.live import Live

OPTIONS = SimpleNamespace(scenario="sunny_day", seed=7)
STATE = {
    "now_s": 1_469_404_800,
    "progress": 0.5,
    "readings_verified": 1234,
    "height": 98,
    "prices": [188_000, 240_000, 300_000],
    "feeder_w": 35_000.0,
    "feeder_limit_w": 39_000,
    "commands_obeyed": 41,
    "commands_issued": 42,
}


def shown(states, **options):
    text = io.StringIO()
    with Live(OPTIONS, Console(file=text, width=120, **options)) as live:
        for state in states:
            live.update(state)
    return text.getvalue()


def test_a_log_gets_a_line_for_each_tenth_of_the_day():
    lines = shown([{**STATE, "progress": step / 288} for step in range(289)]).splitlines()
    assert len(lines) == 11
    assert lines[0].split()[4] == "0%"
    assert lines[-1].split()[4] == "100%"
    assert "\x1b" not in "".join(lines)


def test_a_line_says_what_matters():
    (line,) = shown([STATE]).splitlines()
    for part in (
        "50%",
        "readings 1234",
        "height 98",
        "35.0 of 39.0 kW",
        "41 of 42 obeyed",
        "grid 0.188",
        "storage 0.300",
    ):
        assert part in line


def test_a_terminal_gets_a_panel_that_goes_away():
    text = shown([STATE], force_terminal=True, legacy_windows=False)
    for part in ("sunny_day, seed 7", "1,234", "98", "price of solar", "0.240 per kWh", "41 of 42 obeyed"):
        assert part in text
    assert "\x1b[?25h" in text, "the cursor is given back"


@pytest.mark.parametrize("state", [{}, {"progress": 0.1}, {"now_s": 1_469_404_800}, {"feeder_w": -5, "progress": 2}])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_is_not_known_yet_is_left_out(state, is_terminal):
    assert shown([state], force_terminal=is_terminal, legacy_windows=False)


def test_closing_twice_or_before_anything_was_shown_is_fine():
    live = Live(OPTIONS, Console(file=io.StringIO(), force_terminal=True))
    live.close()
    live.close()
