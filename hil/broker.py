"""
The MQTT broker of a run, in its own process: mosquitto when it is on the machine, else
amqtt from PyPI. It listens on the loopback, on a port found free, and keeps nothing on disk.
"""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from hil import process
from hil.errors import BenchError

KINDS = ("auto", "mosquitto", "amqtt")
_START_PATIENCE_S = 20.0
_HOST = "127.0.0.1"

# Unlimited queues: the tap counts every delivery, and a broker that drops one would only cost patience.
# `user` counts only for root: mosquitto would change to a user of its own, and the kernel then forgets
# that it is to die with us.
_MOSQUITTO = """listener {port} 127.0.0.1
allow_anonymous true
user root
persistence false
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
log_type error
log_type warning
"""


def choose(kind: str) -> str:
    """mosquitto or amqtt. Raises BenchError when mosquitto is asked for and not there."""
    found = _mosquitto()
    if kind == "mosquitto" and not found:
        raise BenchError("BROKER=mosquitto: mosquitto is not on this machine; install it or take BROKER=amqtt")
    return kind if kind != "auto" else ("mosquitto" if found else "amqtt")


def _mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as server:
        return int(server.getsockname()[1])


class Broker:
    def __init__(self, kind: str, folder: Path, log: Path):
        self.kind = choose(kind)
        self.address = (_HOST, 0)
        self._folder = folder
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts with no state at all, on a free port. Raises BenchError when it does not listen."""
        self.address = (_HOST, _free_port())
        self._process = process.spawn(self._command(), self._log)
        deadline = time.monotonic() + _START_PATIENCE_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = process.log_tail(self._log)
                raise BenchError(f"the broker {self.kind} did not start. {self._log}:\n{tail}")
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9: what it held in memory is gone, and on disk it has nothing."""
        if self._process:
            process.end(self._process)
            self._process = None

    def was_killed(self) -> bool:
        """Whether somebody killed it. Raises BenchError when it ended by itself."""
        status = self._process.poll() if self._process else None
        if status is None:
            return False
        if status and not process.was_killed(status):
            tail = process.log_tail(self._log)
            raise BenchError(f"the broker {self.kind} ended by itself (status {status}). {self._log}:\n{tail}")
        return True

    def _command(self) -> list[str]:
        if self.kind == "amqtt":
            return [sys.executable, "-m", "hil.amqtt_broker", str(self.address[1])]
        config = self._folder / "mosquitto.conf"
        config.write_text(_MOSQUITTO.format(port=self.address[1]))
        program = _mosquitto()
        assert program
        return [program, "-c", str(config)]

    def _listens(self) -> bool:
        try:
            socket.create_connection(self.address, 1.0).close()
        except OSError:
            return False
        return True
