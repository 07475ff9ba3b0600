"""
P9: the memory an M-LMD needs with TLS to its broker, and without, in a 64-bit build.

Two heaps count, and their peaks are added as if they came together: MicroPython's own (what the device itself counts
after each window, garbage collected), and C's, where mbedTLS has its buffers, certificates and big numbers
(tests/bench/counted_malloc.py). A board has one memory for both.

    python -m tests.bench.tls
"""

import json
import os
import struct
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from hil import interpreter
from hil.options import Options
from hil.run import Run
from tests.bench import counted_malloc

WITH_MAX, WITHOUT_MAX = 180 * 1024, 120 * 1024  # promised
_HOURS = 1.0
_COUNTED = [sys.executable, "-I", counted_malloc.__file__, str(Path(interpreter.__file__).with_name("mapped.py"))]


def heaps(tls: bool, hours: float = _HOURS, meters: int = 30, mlmds: int = 3) -> tuple[int, int]:
    """Bytes at most, of any M-LMD: of MicroPython's heap, of C's."""
    with TemporaryDirectory(prefix="gridtide-") as folder:
        counts, out = Path(folder) / "counts", Path(folder) / "out"
        counts.mkdir()
        with (
            mock.patch.object(interpreter, "command", lambda: _COUNTED),
            mock.patch.dict(os.environ, {"COUNTED_MALLOC": str(counts)}),
        ):
            Run(Options(hours=hours, meters=meters, mlmds=mlmds, out=out, tls=tls), lambda state: None).play()
        devices = json.loads((out / "evidence" / "devices.json").read_text(encoding="utf-8"))
        own = max(device["heap_peak_bytes"] for device in devices if device["role"] == "mlmd")
        return own, max(struct.unpack(counted_malloc.LAYOUT, file.read_bytes())[1] for file in counts.iterdir())


def figures() -> dict[str, dict[str, float]]:
    """Kilobytes (1024). What C takes without TLS is MicroPython's own, and nothing of a board's."""
    own, c = heaps(tls=True)
    plain, c_plain = heaps(tls=False)
    return {
        "P9 M-LMD heap without TLS, KB": {"value": round(plain / 1024, 1), "at_most": WITHOUT_MAX / 1024},
        "P9 M-LMD heap with TLS, KB": {"value": round((own + c - c_plain) / 1024, 1), "at_most": WITH_MAX / 1024},
    }


if __name__ == "__main__":
    for with_tls in (True, False):
        own_heap, c_heap = heaps(with_tls)
        print(f"TLS {with_tls!s:5}  MicroPython {own_heap:7}  C {c_heap:6}  together {own_heap + c_heap:7} bytes")
