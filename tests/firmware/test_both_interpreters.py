"""
The tests of the pure parts once more, on MicroPython's Unix port and in the heap
that a meter has on the bench. Such a test file needs no pytest: it is functions with assertions.
"""

import subprocess
from pathlib import Path

import pytest

from hil import images, interpreter

TOP = Path(__file__).parents[2]
HEAP_BYTES = images.HEAP_BYTES  # a board's on the bench; tests and fakes have the emulation's place
# On top: what a board has outside its heap, and the images that are sent.
OF_AN_MLMD = ("test_energy_balance", "test_fault")  # what no meter has
FAKE_FLASH_BYTES = {"test_update": 48 * 1024, "test_update_attacks": 48 * 1024}
# A day's windows and balances, which the test keeps to judge them; their bytecode and the test's lie in the heap, too.
FAKE_FLASH_BYTES |= {"test_energy_balance": 48 * 1024}
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
    "test_update_attacks",
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
    heap_bytes = HEAP_BYTES["mlmd" if name in OF_AN_MLMD else "meter"] + FAKE_FLASH_BYTES.get(name, 0)
    runner = tmp_path / "run.py"
    runner.write_text(RUN)
    done = subprocess.run(
        [*interpreter.command(), "-X", f"heapsize={heap_bytes}", str(runner), name],
        cwd=TOP,
        env={"MICROPYPATH": f"{TOP / 'firmware'}:{TOP / 'hil' / 'plant'}:{TOP}:.frozen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert done.stdout.endswith(" passed\n") and not done.stdout.endswith("\n0 passed\n")
