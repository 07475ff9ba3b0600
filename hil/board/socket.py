"""
`socket` of a board on Wi-Fi: TCP streams tunnelled to the bench, which connects them for it.
They are streams to MicroPython's own modules, too: `tls` wraps them as it wraps a board's.
"""

import io

import board_channel as bench
import board_frames as frames
from board_stream import Inbox

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2
IPPROTO_TCP = 6
SOL_SOCKET = 1
SO_REUSEADDR = 4
TCP_NODELAY = 1

_EAGAIN = 11
_EINVAL = 22
_EINPROGRESS = 115
_ETIMEDOUT = 110
_ENOTCONN = 107
_ECONNRESET = 104
_PIECE_MAX = 16384

_READABLE = 1
_WRITABLE = 4
_ERROR = 8
_HANG_UP = 16

_in_use = set()


def getaddrinfo(host, port, _family=0, _type=0, _proto=0, _flags=0):
    return [(AF_INET, SOCK_STREAM, 0, "", (host, port))]


def _free_number():
    number = 0
    while number in _in_use:
        number += 1
    if number > 15:
        raise OSError(23)  # ENFILE: as many as lwIP has
    _in_use.add(number)
    return number


class socket(io.IOBase):
    def __init__(self, _family=AF_INET, kind=SOCK_STREAM, _proto=0):
        if kind != SOCK_STREAM:
            raise OSError(93)  # EPROTONOSUPPORT
        self._number = _free_number()
        self._inbox = Inbox()
        self._timeout_ms = None
        self._errno = _ENOTCONN  # 0 once it is open
        self._ended = False  # the other side closed
        for item, taker in (
            (frames.OPENED, self._opened),
            (frames.RECEIVED, self._inbox.take_in),
            (frames.CLOSED, self._closed),
        ):
            bench.takers[(item, self._number)] = taker

    def _opened(self, payload):
        self._errno = int.from_bytes(payload, "big")
        self._ended = self._errno != 0

    def _closed(self, _payload):
        self._ended = True

    # Waits for `ready()` as long as the socket's timeout allows.
    def _wait(self, ready, errno):
        until_ms = frames.NEVER_MS if self._timeout_ms is None else bench.now_ms + self._timeout_ms
        while not ready():
            if bench.now_ms >= until_ms:
                raise OSError(errno)
            bench.idle(until_ms)

    def connect(self, address):
        self._errno = _EINPROGRESS
        bench.emit(frames.CONNECT, self._number, ("%s:%d" % (address[0], address[1])).encode())
        if self._timeout_ms == 0:
            raise OSError(_EINPROGRESS)
        self._wait(lambda: self._errno != _EINPROGRESS, _ETIMEDOUT)
        if self._errno:
            raise OSError(self._errno)

    def send(self, data):
        if self._errno:
            raise OSError(_EAGAIN if self._errno == _EINPROGRESS else self._errno)
        if self._ended:
            raise OSError(_ECONNRESET)
        piece = bytes(data[:_PIECE_MAX])
        bench.emit(frames.SEND, self._number, piece)
        return len(piece)

    def sendall(self, data):
        view = memoryview(data)
        while view:
            view = view[self.send(view) :]

    def write(self, data, size=-1):
        return self.send(data if size < 0 else data[:size])

    # All that is there, at most `size`; b"" at the end of the stream.
    def recv(self, size):
        try:
            self._wait(lambda: self._inbox or self._ended, _EAGAIN if self._timeout_ms == 0 else _ETIMEDOUT)
        except OSError as error:
            if self._timeout_ms == 0 and error.errno == _EAGAIN:
                raise
            raise OSError(_ETIMEDOUT)
        return self._inbox.read(size)

    # As a MicroPython stream: None where a non-blocking recv would raise.
    def read(self, size=-1):
        if self._timeout_ms == 0 and not self._inbox and not self._ended:
            return None
        if self._timeout_ms == 0:
            return self._inbox.read(len(self._inbox) if size < 0 else size)
        self._wait(lambda: self._ended or (0 <= size <= len(self._inbox)), _ETIMEDOUT)
        return self._inbox.read(len(self._inbox) if size < 0 else size)

    def readinto(self, buffer, size=-1):
        piece = self.read(len(buffer) if size < 0 else size)
        if piece is None:
            return None
        buffer[: len(piece)] = piece
        return len(piece)

    def readline(self):
        if self._timeout_ms == 0 and not self._inbox and not self._ended:
            return None
        return self._inbox.line()

    def makefile(self, *_):
        return self

    def close(self):
        if self._number is None:
            return
        bench.emit(frames.CLOSE, self._number)
        for kind in (frames.OPENED, frames.RECEIVED, frames.CLOSED):
            bench.takers.pop((kind, self._number), None)
        _in_use.discard(self._number)
        self._number = None
        self._ended = True

    def setblocking(self, blocking):
        self._timeout_ms = None if blocking else 0

    def settimeout(self, seconds):
        self._timeout_ms = None if seconds is None else int(seconds * 1000)

    def setsockopt(self, *_):
        pass

    # As a stream answers MicroPython's C code: a negative number is an error.
    def ioctl(self, request, argument):
        if request == 4:  # MP_STREAM_CLOSE
            self.close()
            return 0
        if request != 3:  # MP_STREAM_POLL
            return -_EINVAL
        ready = 0
        if self._inbox or self._ended:
            ready |= _READABLE
        if self._errno == 0:
            ready |= _WRITABLE
        if self._errno not in (0, _EINPROGRESS, _ENOTCONN):
            ready |= _ERROR
        if self._ended:
            ready |= _HANG_UP | _WRITABLE
        return ready & argument
