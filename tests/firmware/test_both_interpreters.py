"""
The tests of the pure parts once more, on MicroPython's Unix port and in a heap of an
ESP32's size. Such a test file needs no pytest: it is functions with assertions.
"""

import subprocess
from pathlib import Path

import pytest

from hil import interpreter

TOP = Path(__file__).parents[2]
HEAP = "256k"
FILES = (
    "test_battery",
    "test_button",
    "test_clock",
    "test_commands",
    "test_cse7766",
    "test_dsmr_p1",
    "test_energy_balance",
    "test_fault",
    "test_headroom",
    "test_heater",
    "test_keeping",
    "test_latching_relay",
    "test_led",
    "test_limits",
    "test_load_chip",
    "test_load_shedding",
    "test_measuring",
    "test_protection",
    "test_reclose",
    "test_s0_pulse",
    "test_trip_curve",
    "test_update",
)

RUN = """
import sys
tests = __import__("tests.firmware." + sys.argv[1], None, None, ("*",))
names = sorted([name for name in dir(tests) if name.startswith("test_")])
for name in names:
    print(name)
    getattr(tests, name)()
print(len(names), "passed")
"""


@pytest.mark.parametrize("name", FILES)
def test_on_micropython(name, tmp_path):
    runner = tmp_path / "run.py"
    runner.write_text(RUN)
    done = subprocess.run(
        [*interpreter.command(), "-X", f"heapsize={HEAP}", str(runner), name],
        cwd=TOP,
        env={"MICROPYPATH": f"{TOP / 'firmware'}:{TOP / 'hil' / 'plant'}:{TOP}:.frozen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert done.stdout.endswith(" passed\n") and not done.stdout.endswith("\n0 passed\n")
