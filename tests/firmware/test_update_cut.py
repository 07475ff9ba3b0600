"""An update whose power fails at every write of it, on a LittleFS and a ROMFS partition in MicroPython."""

import subprocess
from pathlib import Path

import pytest

from hil import interpreter

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("trial", ["works", "fails", "lost"])
def test_power_cut_at_every_write_of_an_update(trial):
    """It ends with the new image if that works and with the old one if not; the version never falls."""
    done = subprocess.run(
        [*interpreter.command(), "-X", "heapsize=8M", str(Path(__file__).with_name("update_cut.py")), trial],
        env={"MICROPYPATH": f"{TOP / 'firmware'}:{TOP}:.frozen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    assert int(done.stdout.splitlines()[-1].split()[0]) > 70
