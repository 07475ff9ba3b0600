"""
Runs a service of ours on granted time:  python -m hil.granted --control FD --name NAME -- -m aggregator CONFIG.toml

Installs virtual clocks and an asyncio loop whose selector, in place of sleeping, tells
the bench until when it is idle. The service knows nothing of it. When the bench is
gone, so is the service.
"""

import argparse
import asyncio
import os
import runpy
import selectors
import socket
import sys
import time

from hil.board import board_frames as frames

_AF_UNIX_DOMAIN = socket.AF_UNIX


class Control:
    """The service's end of its control channel."""

    def __init__(self, descriptor: int):
        self.descriptor = descriptor
        self.now_ms = 0
        self._seen = 0

    def take_batch(self) -> None:
        """Waits for the next batch: a new time, or a nudge at the same one."""
        head = self._read(frames.BATCH_SIZE)
        length, self.now_ms = frames.batch_head(head)
        if length:
            self._read(length)
        self._seen += 1

    def tell_idle(self, until_ms: int, waits_to_write: bool) -> None:
        try:
            os.write(self.descriptor, frames.idle(until_ms, self._seen, int(waits_to_write)))
        except OSError:
            os._exit(0)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = os.read(self.descriptor, size - len(data))
            if not piece:
                os._exit(0)  # the bench is gone
            data += piece
        return data


class GrantedSelector(selectors.EpollSelector):
    def __init__(self, control: Control):
        super().__init__()
        self._control = control
        self._wakeup = selectors.DefaultSelector()
        self._wakeup.register(control.descriptor, selectors.EVENT_READ)
        self._wakeup.register(self.fileno(), selectors.EVENT_READ)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As its parent, with `timeout` in virtual seconds."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        control = self._control
        until_ms = frames.NEVER_MS if timeout is None else control.now_ms + max(1, round(timeout * 1000))
        while True:
            control.tell_idle(until_ms, self._waits_to_write())
            woken = {key.fd for key, _ in self._wakeup.select()}
            ready = super().select(0)
            # What the bench hands over arrives before the batch that says when: until then it is not this instant's.
            if control.descriptor in woken or any(_is_of_bench(key.fd) for key, _ in ready):
                control.take_batch()
                ready = super().select(0)
            if ready or control.now_ms >= until_ms:
                return ready

    def _waits_to_write(self) -> bool:
        """Whether a Unix socket is too full for what is to be written. Others' fullness is not the bench's."""
        waiting = [key.fd for key in self.get_map().values() if key.events & selectors.EVENT_WRITE]
        return any(_is_unix(descriptor) for descriptor in waiting)


def _is_of_bench(descriptor: int) -> bool:
    """A connection to the bench's broker socket; asyncio's own pair of sockets has no name."""
    with socket.socket(fileno=os.dup(descriptor)) as duplicate:
        return duplicate.family == _AF_UNIX_DOMAIN and bool(_peer_name(duplicate))


def _peer_name(connection: socket.socket) -> str | bytes:
    try:
        name: str | bytes = connection.getpeername()
    except OSError:
        return b"gone"  # the bench hung up
    return name


def _is_unix(descriptor: int) -> bool:
    with socket.socket(fileno=os.dup(descriptor)) as duplicate:
        return duplicate.family == _AF_UNIX_DOMAIN


class GrantedLoop(asyncio.SelectorEventLoop):
    def __init__(self, control: Control):
        super().__init__(GrantedSelector(control))
        self._clock_resolution = 0.0005  # half of virtual time's grain


class _Policy(asyncio.DefaultEventLoopPolicy):
    def __init__(self, control: Control):
        super().__init__()
        self._control = control

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return GrantedLoop(self._control)


def install(control: Control) -> None:
    """Replaces the process's clocks and its event loops."""
    start_ms = control.now_ms
    time.time = lambda: control.now_ms / 1000
    time.time_ns = lambda: control.now_ms * 1_000_000
    time.monotonic = lambda: (control.now_ms - start_ms) / 1000
    time.monotonic_ns = lambda: (control.now_ms - start_ms) * 1_000_000
    asyncio.set_event_loop_policy(_Policy(control))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hil.granted", description=__doc__)
    parser.add_argument("--control", type=int, required=True, metavar="FD", help="inherited control channel")
    parser.add_argument("--name", required=True)
    parser.add_argument("target", nargs=argparse.REMAINDER, help="-- -m MODULE ARGUMENT ...")
    options = parser.parse_args()
    target = options.target[1:] if options.target[:1] == ["--"] else options.target
    if target[:1] != ["-m"] or len(target) < 2:
        parser.error("the target is -m MODULE ARGUMENT ...")
    control = Control(options.control)
    control.take_batch()
    install(control)
    sys.argv = [options.name, *target[2:]]
    runpy.run_module(target[1], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
