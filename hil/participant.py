"""
A Participant is one process on granted time, seen from the bench's end of its control
channel: what is to be sent to it, what it sent, and until when it has nothing to do.
"""

import contextlib
import socket
from collections.abc import Callable

from hil.board import board_frames as frames
from hil.errors import ParticipantDied

NEVER_MS = frames.NEVER_MS
Item = tuple[int, int, bytes]


class Participant:
    def __init__(self, name: str, channel: socket.socket, answer: Callable[[int, int, bytes], bytes]):
        """answer(kind, argument, payload) -> the reply to a call, at once."""
        self.name = name
        self.channel = channel
        self.until_ms = 0  # it has not run yet: due at once
        self.idle = True
        self.waits_to_write = False
        self.items: list[Item] = []
        self._answer = answer
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._nudged = False
        self._sent = 0

    def hand(self, kind: int, argument: int, payload: bytes = b"") -> None:
        """Puts an item into the next batch."""
        self._outgoing += frames.item(kind, argument, payload)

    def nudge(self) -> None:
        """Something reached it by another way: it is to look once more."""
        self._nudged = True

    def is_due(self, now_ms: int) -> bool:
        return self._nudged or bool(self._outgoing) or self.until_ms <= now_ms

    def grant(self, now_ms: int) -> None:
        """Sends the batch: it runs until its next IDLE."""
        data = frames.batch(now_ms, bytes(self._outgoing))
        self._outgoing.clear()
        self._nudged = False
        self.idle = False
        self._sent += 1
        with contextlib.suppress(OSError):  # it died: the end of its channel will tell
            self.channel.sendall(data)

    def receive(self) -> None:
        """Takes in what its channel holds; `idle` afterwards tells whether it has come to rest."""
        try:
            data = self.channel.recv(1 << 18, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise ParticipantDied(self.name)
        self._incoming += data
        self._parse()

    def _parse(self) -> None:
        at, buffer = 0, self._incoming
        while len(buffer) - at >= frames.ITEM_SIZE:
            kind, argument, length = frames.item_head(buffer, at)
            end = at + frames.ITEM_SIZE + length
            if end > len(buffer):
                break
            self._take(kind, argument, bytes(buffer[at + frames.ITEM_SIZE : end]))
            at = end
        del buffer[:at]

    def _take(self, kind: int, argument: int, payload: bytes) -> None:
        if kind == frames.IDLE:
            self.until_ms, seen, waits = frames.idle_parts(payload)
            # An IDLE from before the last batch says nothing.
            self.idle = seen == self._sent
            self.waits_to_write = bool(waits)
        elif kind & frames.CALL:
            with contextlib.suppress(OSError):
                self.channel.sendall(frames.batch(0, self._answer(kind, argument, payload)))
        else:
            self.items.append((kind, argument, payload))

    def take_items(self) -> list[Item]:
        items, self.items = self.items, []
        return items
