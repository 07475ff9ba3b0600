"""
Granted time: the conservative co-simulation that every device and service runs under.

An instant is played in rounds. Whoever is due gets its batch and runs, all in
parallel, until all rest; only then is what they sent routed, in the order of the
participants, into the batches of the next round. So no process can overtake another,
and the machine's speed reaches nothing but the wall time. When nobody is due any
more, time moves to the earliest thing that anybody waits for.
"""

import heapq
import select
import time
from collections.abc import Callable
from typing import Protocol

from hil.errors import NotAtRest
from hil.participant import NEVER_MS

PATIENCE_S = 120.0  # wall time that one round may take on a busy machine


class Member(Protocol):
    """What the coordinator needs of a participant's owner."""

    @property
    def name(self) -> str: ...
    def is_due(self, now_ms: int) -> bool: ...
    def grant(self, now_ms: int) -> None: ...
    def rests(self) -> bool: ...
    def route(self, now_ms: int) -> None: ...
    @property
    def until_ms(self) -> int: ...


class Coordinator:
    def __init__(self, start_ms: int, speed: float = 0.0):
        """speed: virtual seconds per wall second at most; 0 for as fast as the machine can."""
        self.now_ms = start_ms
        self.members: list[Member] = []
        self.grants = 0
        # Called after each round, to carry what members gave away.
        self.exchange: Callable[[], None] = lambda: None
        self._start_ms = start_ms
        self._speed = speed
        self._wall_start = time.monotonic()
        self._readers: dict[int, Callable[[], None]] = {}
        self._epoll = select.epoll()
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._agenda_count = 0

    # -- what is watched and what is planned ------------------------------------------------

    def watch(self, descriptor: int, reader: Callable[[], None]) -> None:
        """Calls `reader()` when `descriptor` can be read."""
        self._readers[descriptor] = reader
        self._epoll.register(descriptor, select.EPOLLIN)

    def unwatch(self, descriptor: int) -> None:
        if self._readers.pop(descriptor, None):
            self._epoll.unregister(descriptor)

    def at(self, when_ms: int, action: Callable[[], None]) -> None:
        """Plans `action()` for virtual time `when_ms`, before anybody is granted that instant."""
        heapq.heappush(self._agenda, (max(when_ms, self.now_ms), self._agenda_count, action))
        self._agenda_count += 1

    # -- the two moves -----------------------------------------------------------------------

    def run_until(self, end_ms: int) -> None:
        """Plays every instant before and at `end_ms`."""
        while True:
            self.settle()
            next_ms = self.next_ms()
            if next_ms > end_ms:
                break
            self.move_to(next_ms)
        self.now_ms = end_ms

    def settle(self) -> None:
        """Plays the present instant to its end."""
        while True:
            if self._act():
                self.exchange()
            due = [member for member in self.members if member.is_due(self.now_ms)]
            if not due:
                return
            for member in due:
                member.grant(self.now_ms)
            self.grants += len(due)
            self._await(due)
            for member in list(self.members):
                member.route(self.now_ms)
            self.exchange()

    def next_ms(self) -> int:
        earliest = min((member.until_ms for member in self.members), default=NEVER_MS)
        return min(earliest, self._agenda[0][0]) if self._agenda else earliest

    def move_to(self, when_ms: int) -> None:
        assert when_ms >= self.now_ms
        self._keep_pace(when_ms)
        self.now_ms = when_ms

    def _act(self) -> bool:
        """Does what is planned for now; whether there was anything."""
        has_acted = False
        while self._agenda and self._agenda[0][0] <= self.now_ms:
            heapq.heappop(self._agenda)[2]()
            has_acted = True
        return has_acted

    def _await(self, due: list[Member]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        waiting = {id(member): member for member in due}
        while waiting:
            self._serve(1.0)
            waiting = {key: member for key, member in waiting.items() if not member.rests()}
            if waiting and time.monotonic() > deadline:
                names = ", ".join(member.name for member in waiting.values())
                raise NotAtRest(f"{names}: not at rest within {PATIENCE_S:.0f} s of wall time")

    def _serve(self, timeout_s: float) -> None:
        for descriptor, _ in self._epoll.poll(timeout_s):
            reader = self._readers.get(descriptor)
            if reader:
                reader()

    def wall_s(self, when_ms: int) -> float:
        """When an instant is due on the wall (time.monotonic), at a speed."""
        return self._wall_start + (when_ms - self._start_ms) / 1000 / self._speed

    def _keep_pace(self, when_ms: int) -> None:
        if not self._speed:
            return
        due = self.wall_s(when_ms)
        while (ahead := due - time.monotonic()) > 0:
            self._serve(ahead)
