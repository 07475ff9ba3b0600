"""
`select.poll` that idles to the bench where the real one would sleep. It asks any
object with `ioctl` whether it is ready: emulated UART, radio and sockets, and asyncio's flags.
A TLS stream has one for C alone: the interpreter's own poll asks it, without waiting.
"""

import board_channel as bench
import board_frames as frames
import uselect as _host

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16
_IS_READY = 3  # ioctl request MP_STREAM_POLL


_secured = _host.poll()


def _ask(stream, events):
    if hasattr(stream, "ioctl"):
        return stream.ioctl(_IS_READY, events)
    _secured.register(stream, events)
    found = 0
    for _, ready in _secured.ipoll(0):
        found = ready
    _secured.unregister(stream)
    return found


class poll:
    def __init__(self):
        self._watched = {}

    def register(self, stream, events=POLLIN | POLLOUT):
        self._watched[id(stream)] = [stream, events]

    def modify(self, stream, events):
        if id(stream) not in self._watched:
            raise OSError(2)  # ENOENT
        self._watched[id(stream)][1] = events

    def unregister(self, stream):
        self._watched.pop(id(stream), None)

    def _ready(self):
        ready = []
        for stream, events in self._watched.values():
            found = _ask(stream, events | POLLERR | POLLHUP)
            if found:
                ready.append((stream, found))
        return ready

    # timeout: ms, negative to wait for ever.
    def poll(self, timeout=-1):
        until_ms = frames.NEVER_MS if timeout is None or timeout < 0 else bench.now_ms + timeout
        while True:
            ready = self._ready()
            if ready or bench.now_ms >= until_ms:
                return ready
            bench.idle(until_ms)

    def ipoll(self, timeout=-1, flags=0):
        return iter(self.poll(timeout))
