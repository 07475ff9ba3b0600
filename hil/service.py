"""
A Service is one CPython process of ours (aggregator, cloud) on granted time. It has two
ends at the bench: the control channel, and a Unix socket where it finds its MQTT broker.
"""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from hil import process
from hil.errors import ParticipantDied
from hil.grant import Coordinator
from hil.participant import NEVER_MS, Participant
from hil.tap import Link, Tap

_STOP_PATIENCE_S = 3.0


class _Client:
    """One MQTT connection of the service: bytes between its socket and the tap."""

    def __init__(self, service: "Service", connection: socket.socket, tap: Tap):
        self.connection = connection
        self.backlog = bytearray()
        self._service = service
        self.link: Link | None = tap.connect(service.name, self.deliver, self.hang_up)
        if self.link is None:
            self.hang_up()

    def deliver(self, data: bytes) -> None:
        self.backlog += data
        self.write()

    def write(self) -> None:
        try:
            sent = self.connection.send(self.backlog, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self.backlog)  # it hung up: reading will tell
        del self.backlog[:sent]
        self._service.nudge()

    def read(self) -> None:
        """Takes everything the service wrote; at the end of its stream the link is closed."""
        while True:
            try:
                data = self.connection.recv(1 << 18, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.hang_up()
                return
            if self.link:
                self.link.send(data)

    def hang_up(self) -> None:
        if self.link:
            self.link.close()
            self.link = None
        self._service.forget(self)
        self.connection.close()
        self._service.nudge()


class Service:
    def __init__(self, name: str, module: str, config: Path, log: Path, mqtt_path: Path, time: Coordinator, tap: Tap):
        self.name = name
        self.log = log
        self.killed: Callable[[], None] = lambda: None
        self._mqtt_path = mqtt_path
        self._module, self._config = module, config
        self._time, self._tap = time, tap
        self._clients: list[_Client] = []
        self._listener: socket.socket | None = None
        self._participant: Participant | None = None
        self._process: subprocess.Popen[bytes] | None = None

    # -- the process --------------------------------------------------------------------------

    def start(self) -> None:
        ours, theirs = socket.socketpair()
        target = ["--", "-m", self._module, str(self._config)]
        control = ["--control", str(theirs.fileno()), "--name", self.name]
        command = [sys.executable, "-m", "hil.granted", *control, *target]
        self._process = process.spawn(command, self.log, [theirs.fileno()], {"PYTHONHASHSEED": "0"})
        theirs.close()
        self._participant = Participant(self.name, ours, self._no_calls)
        self._time.watch(ours.fileno(), self._receive)

    def stop(self) -> None:
        self.close_port()
        self._leave()
        if self._process:
            process.end(self._process, _STOP_PATIENCE_S)
            self._process = None

    @staticmethod
    def _no_calls(kind: int, _argument: int, _payload: bytes) -> bytes:
        raise AssertionError(f"a service has no call {kind}")

    # -- the broker's address, as the service sees it -----------------------------------------

    def open_port(self) -> None:
        """From here on the service finds a broker."""
        self._mqtt_path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._mqtt_path))
        self._listener.listen()
        self._listener.setblocking(False)
        self._time.watch(self._listener.fileno(), self._accept)

    def close_port(self) -> None:
        """The broker is down: connections end, new ones are refused."""
        for client in list(self._clients):
            client.hang_up()
        if self._listener:
            self._time.unwatch(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def _accept(self) -> None:
        while self._listener:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            client = _Client(self, connection, self._tap)
            if client.link:
                self._clients.append(client)
                self._time.watch(connection.fileno(), client.read)

    def forget(self, client: _Client) -> None:
        if client in self._clients:
            self._clients.remove(client)
            self._time.unwatch(client.connection.fileno())

    # -- as a member of granted time ------------------------------------------------------------

    @property
    def until_ms(self) -> int:
        return self._participant.until_ms if self._participant else NEVER_MS

    def nudge(self) -> None:
        if self._participant:
            self._participant.nudge()

    def is_due(self, now_ms: int) -> bool:
        return self._participant is not None and self._participant.is_due(now_ms)

    def grant(self, now_ms: int) -> None:
        if self._participant:
            self._participant.grant(now_ms)

    def rests(self) -> bool:
        """Idle, and nothing is stuck in a full socket in either direction."""
        if self._participant is None:
            return True
        if not self._participant.idle:
            return False
        # What it wrote before its IDLE is in our sockets already: AF_UNIX keeps the order.
        self._accept()
        for client in list(self._clients):
            client.read()
        stuck = [client for client in self._clients if client.backlog]
        for client in stuck:
            client.write()
        if stuck or self._participant.waits_to_write:
            self._participant.grant(self._time.now_ms)
            return False
        return True

    def route(self, now_ms: int) -> None:
        """Its messages have gone to the tap already, each client's in its own order."""

    def _receive(self) -> None:
        assert self._participant
        try:
            self._participant.receive()
        except ParticipantDied:
            self._ended()

    def _ended(self) -> None:
        """Killed by hand (a plain `kill` lets it stop cleanly), or by a fault of ours."""
        assert self._process
        status = self._process.wait()
        if status and not process.was_killed(status):
            tail = process.log_tail(self.log)
            raise ParticipantDied(f"{self.name} ended by itself (status {status}). {self.log}:\n{tail}")
        for client in list(self._clients):
            client.hang_up()
        self._leave()
        self._process = None
        self.killed()

    def _leave(self) -> None:
        if self._participant:
            self._time.unwatch(self._participant.channel.fileno())
            self._participant.channel.close()
            self._participant = None
