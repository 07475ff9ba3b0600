"""
P9: the memory an M-LMD needs with TLS to its broker, and without, in a 64-bit build.

Two heaps count, and their peaks are added as if they came together: MicroPython's own (what the device itself counts
after each window, garbage collected), and C's, where mbedTLS has its buffers, certificates and big numbers
(tests/bench/hooked.py). A board has one memory for both.

    python -m tests.bench.tls
"""

import json
import os
import struct
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from hil import interpreter
from hil.options import Options
from hil.run import Run
from tests.bench import hooked

WITH_MAX, WITHOUT_MAX = 180 * 1024, 120 * 1024  # promised
_HOURS = 24.0  # a day's peak is higher than an hour's


def heaps(tls: bool, hours: float = _HOURS, meters: int = 30, mlmds: int = 3) -> dict[str, int]:
    """Bytes at most, of any device of a kind: "meter" and "mlmd", of MicroPython's heap; "c", of C's."""
    with TemporaryDirectory(prefix="gridtide-") as folder:
        counts, out = Path(folder) / "counts", Path(folder) / "out"
        counts.mkdir()
        with (
            mock.patch.object(interpreter, "command", hooked.command),
            mock.patch.dict(os.environ, {"COUNTED_MALLOC": str(counts)}),
        ):
            Run(Options(hours=hours, meters=meters, mlmds=mlmds, out=out, tls=tls), lambda state: None).play()
        devices = json.loads((out / "evidence" / "devices.json").read_text(encoding="utf-8"))
        peaks = {
            role: max(device["heap_peak_bytes"] for device in devices if device["role"] == role)
            for role in ("meter", "mlmd")
        }
        return peaks | {"c": max(struct.unpack(hooked.LAYOUT, file.read_bytes())[1] for file in counts.iterdir())}


def figures() -> dict[str, dict[str, float]]:
    """Kilobytes (1024). Meters speak ESP-NOW, without TLS."""
    secured, plain = heaps(tls=True), heaps(tls=False)

    def figure(size: int, at_most: int) -> dict[str, float]:
        return {"value": round(size / 1024, 1), "at_most": at_most / 1024}

    return {
        "P9 meter heap, KB": figure(plain["meter"], WITHOUT_MAX),
        "P9 M-LMD heap without TLS, KB": figure(plain["mlmd"], WITHOUT_MAX),
        "P9 M-LMD heap with TLS, C's included, KB": figure(secured["mlmd"] + secured["c"], WITH_MAX),
    }


if __name__ == "__main__":
    for with_tls in (True, False):
        print(f"TLS {with_tls!s:5}", *(f"{what} {size:,} bytes" for what, size in heaps(with_tls).items()))
