"""`machine.UART`: one write is one frame to what is wired to the port; its answer comes as an item."""

import board_channel as bench
import board_frames as frames
from board_stream import Inbox

_READABLE = 1
_WRITABLE = 4


class UART:
    INV_TX = 32
    INV_RX = 64

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, **options):
        self._port = id
        self._inbox = Inbox()
        self._timeout_ms = 0
        bench.takers[(frames.UART_IN, id)] = self._inbox.take_in
        self.init(baudrate, bits, parity, stop, **options)

    def init(self, _baudrate=115200, _bits=8, _parity=None, _stop=1, *, timeout=0, **_wiring):
        self._timeout_ms = timeout

    def deinit(self):
        bench.takers.pop((frames.UART_IN, self._port), None)

    def any(self):
        return len(self._inbox)

    def _wait(self):
        until_ms = bench.now_ms + self._timeout_ms
        while not self._inbox and bench.now_ms < until_ms:
            bench.idle(until_ms)

    def read(self, size=-1):
        self._wait()
        return self._inbox.read(len(self._inbox) if size < 0 else size) or None

    def readinto(self, buffer, size=-1):
        piece = self.read(len(buffer) if size < 0 else min(size, len(buffer)))
        if piece is None:
            return None
        buffer[: len(piece)] = piece
        return len(piece)

    def readline(self):
        self._wait()
        return self._inbox.line() or None

    def write(self, data):
        bench.emit(frames.UART_OUT, self._port, bytes(data))
        return len(data)

    def flush(self):
        pass

    def txdone(self):
        return True

    def ioctl(self, request, argument):
        if request != 3:
            return 0
        return argument & (_WRITABLE | (_READABLE if self._inbox else 0))
