"""
A Network is the processes of some nodes on one machine: for each a CometBFT and, beside it, its application. They end
with whoever started them, however that ends.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from chain.cometbft import program
from chain.cometbft.errors import CometBftError, NotReached
from chain.cometbft.home import Node
from chain.cometbft.rpc import Rpc

_PR_SET_PDEATHSIG = 1
_PATIENCE_S = 5.0
_DYING_S = 2.0  # others learn of a process's end before whoever waits for it
_POLL_S = 0.02
Processes = dict[int, subprocess.Popen[bytes]]  # by the number of the node


class Network:
    """prefixes: words before each node's commands, to run it in a network namespace of its own."""

    def __init__(
        self, nodes: Sequence[Node], snapshot_every: int = 0, prefixes: Sequence[Sequence[str]] | None = None
    ) -> None:
        self.nodes = list(nodes)
        self._program = program.find()
        self._snapshot_every = snapshot_every
        self._prefixes = prefixes
        self.applications: Processes = {}
        self.cometbfts: Processes = {}

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        for node in self.nodes:
            self.start_node(node)

    def start_node(self, node: Node) -> None:
        """Its application, and CometBFT as soon as that answers."""
        if not node.is_built_in:
            command = [sys.executable, "-m", "chain.cometbft", str(node.home), _socket(node)]
            command += ["--snapshot-every", str(self._snapshot_every)]
            self.applications[node.number] = self._spawn(node, command, "application.log")
            self.wait(lambda: os.path.exists(_socket(node)), f"the application of node {node.number}")
        command = [self._program, "start", "--home", str(node.home)]
        self.cometbfts[node.number] = self._spawn(node, command, "cometbft.log")

    def _spawn(self, node: Node, command: list[str], log: str) -> subprocess.Popen[bytes]:
        with (node.home / log).open("ab") as output:
            return subprocess.Popen(
                [*(self._prefixes[node.number] if self._prefixes else ()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=Path(__file__).parents[2],
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509  one thread starts all
            )

    def kill_node(self, node: Node) -> None:
        """As a power cut does: both processes at once, no goodbye."""
        for processes in (self.cometbfts, self.applications):
            process = processes.pop(node.number, None)
            if process is not None:
                process.kill()
                process.wait()
        self._forget_socket(node)

    def stop_node(self, node: Node) -> None:
        """CometBFT first, so that it does not miss its application."""
        for processes in (self.cometbfts, self.applications):
            process = processes.pop(node.number, None)
            if process is not None:
                _end(process)
        self._forget_socket(node)

    def stop(self) -> None:
        for process in self.cometbfts.values():
            process.terminate()
        for node in self.nodes:
            self.stop_node(node)

    @staticmethod
    def _forget_socket(node: Node) -> None:
        if not node.is_built_in:
            Path(_socket(node)).unlink(missing_ok=True)

    def revive(self) -> list[int]:
        """
        Start again the nodes of which somebody killed a process (kill -9, out of memory), as a supervisor does: the
        other one of the two goes, too. Returns their numbers. Raises CometBftError.
        """
        killed = self.killed()
        for node in killed:
            self.kill_node(node)
        for node in killed:
            self.start_node(node)
        return [node.number for node in killed]

    def killed(self) -> list[Node]:
        """Those of which somebody killed a process, from outside."""
        return [node for node in self.nodes if -signal.SIGKILL in self._statuses(node.number)]

    def _processes(self, number: int) -> list[subprocess.Popen[bytes]]:
        both = (self.applications.get(number), self.cometbfts.get(number))
        return [process for process in both if process is not None]

    def _statuses(self, number: int) -> list[int | None]:
        return [process.poll() for process in self._processes(number)]

    def _is_killed(self, number: int) -> bool:
        """Of a node of which a process has ended: its other one may have been killed, and not be quite dead yet."""
        for process in self._processes(number):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_DYING_S)
        return -signal.SIGKILL in self._statuses(number)

    def check(self) -> None:
        """Raises CometBftError, with the end of its log, when a process has ended by itself."""
        for processes, log in ((self.applications, "application.log"), (self.cometbfts, "cometbft.log")):
            for number, process in processes.items():
                if process.poll() is not None and not self._is_killed(number):
                    lines = (self.nodes[number].home / log).read_text(errors="replace").splitlines()[-12:]
                    raise CometBftError(f"node {number} ended with {process.returncode}\n" + "\n".join(lines))

    def wait_for_height(self, height: int, numbers: Sequence[int] | None = None, patience_s: float = 60.0) -> None:
        """Until these nodes (all, when left out) have this block. Raises NotReached, CometBftError."""
        for node in self.nodes:
            if numbers is None or node.number in numbers:
                rpc = Rpc(node.place.rpc_address)
                try:
                    self.wait(lambda: _height(rpc) >= height, f"node {node.number} at height {height}", patience_s)  # noqa: B023
                finally:
                    rpc.close()

    def wait(self, is_so: Callable[[], bool], what: str, patience_s: float = 30.0) -> None:
        """Raises NotReached, CometBftError."""
        deadline = time.monotonic() + patience_s
        while not is_so():
            self.check()
            if time.monotonic() > deadline:
                raise NotReached(f"waited {patience_s:.0f} s for {what}")
            time.sleep(_POLL_S)


def _height(rpc: Rpc) -> int:
    """-1 while it does not answer yet."""
    try:
        return rpc.height()
    except CometBftError:
        return -1


def _socket(node: Node) -> str:
    return node.place.application.removeprefix("unix://")


def _die_with(parent: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
    if process.poll() is None:
        process.kill()
    process.wait()
