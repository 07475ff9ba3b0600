"""A real broker for a test: mosquitto on a Unix socket or a port, or amqtt; started and killed at will."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

_AMQTT = """
import asyncio, sys
from amqtt.broker import Broker
async def main():
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:" + sys.argv[1]}},
                     "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}})
    await broker.start()
    await asyncio.Event().wait()
asyncio.run(main())
"""


def mosquitto() -> str:
    """The program; skips the test where there is none (CI has it)."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have mosquitto")
        pytest.skip("mosquitto is not on this machine")
    return program


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """address: as in a service's config."""

    def __init__(self, directory: Path, kind: str) -> None:
        self._socket = Path(tempfile.mkdtemp(prefix="mqtt-")) / "broker.sock"  # its path must be short
        self._port = free_port()
        if kind == "amqtt":
            self._command = [sys.executable, "-c", _AMQTT, str(self._port)]
        else:
            config = directory / "mosquitto.conf"
            listener = f"listener 0 {self._socket}" if kind == "unix" else f"listener {self._port} 127.0.0.1"
            config.write_text(f"{listener}\nallow_anonymous true\nuser {getpass.getuser()}\n")
            self._command = [mosquitto(), "-c", str(config)]
        self.address = f"unix:{self._socket}" if kind == "unix" else f"127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self._process.poll() is None, "the broker ended"
            assert time.monotonic() < deadline, "the broker does not answer"
            time.sleep(0.02)  # another process: there is nothing to wait on

    def _answers(self) -> bool:
        is_unix = self.address.startswith("unix:")
        with socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET) as probe:
            try:
                probe.connect(str(self._socket) if is_unix else ("127.0.0.1", self._port))
            except OSError:
                return False
            return True

    def kill(self) -> None:
        """kill -9: nothing is said to anybody, nothing is kept."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
        self._socket.unlink(missing_ok=True)

    def remove(self) -> None:
        self.kill()
        self._socket.parent.rmdir()
