"""
The validators of a run with ENGINE=cometbft: four CometBFT nodes on loopback, each with its own application and its
own ledger, started by `python -m chain.cometbft.cluster`. They run on the world's time: the full node waits for
their blocks within an instant of the bench's, so the day is the same as without them.
"""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from hil import process, witness
from hil.errors import BenchError

ENGINES = ("embedded", "cometbft")
COUNT = 4
_START_PATIENCE_S = 90.0
_STOP_PATIENCE_S = 20.0


class Validators:
    """folder: each node's home is made in it."""

    def __init__(self, genesis: Path, folder: Path, log: Path):
        self._genesis, self._folder, self._log = genesis, folder, log
        self._process: subprocess.Popen[bytes] | None = None
        self.addresses: list[str] = []  # of their RPC

    def start(self) -> None:
        """Returns when all answer. Raises BenchError: CometBFT is not on this machine, or does not start."""
        ready = self._folder.with_suffix(".ready")
        command = [sys.executable, "-m", "chain.cometbft.cluster", "--out", str(self._folder), "--nodes", str(COUNT)]
        command += ["--genesis", str(self._genesis), "--ready", str(ready), "--snapshot-every", "0"]
        self._process = process.spawn(command, self._log)
        deadline = time.monotonic() + _START_PATIENCE_S
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise BenchError(f"ENGINE=cometbft: the validators did not start\n{process.log_tail(self._log)}")
            time.sleep(0.05)
        self.addresses = json.loads(ready.read_text(encoding="utf-8"))

    def finish(self) -> None:
        """Returns when all are equally far, or not in time: they live on the world's time, and one may be behind."""
        deadline = time.monotonic() + _START_PATIENCE_S
        while len({_height(address) for address in self.addresses}) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process:
            process.end(self._process, _STOP_PATIENCE_S)
            self._process = None

    def testify(self) -> list[dict[str, Any]]:
        """Of each, when all have ended: its ledger replayed."""
        ledgers = [self._folder / f"node{number}" / "ledger.sqlite" for number in range(COUNT)]
        exports = [witness.export("chain", "export", ledger, self._genesis) for ledger in ledgers]
        return [{name: export[name] for name in _FIELDS} for export in exports]


def _height(address: str) -> int:
    """-1 while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{address}/status", timeout=5) as answer:
            return int(json.load(answer)["result"]["sync_info"]["latest_block_height"])
    except (OSError, ValueError, KeyError):
        return -1


_FIELDS = ("height", "transactions", "app_hash", "recomputed_equal")
