"""
A Rollout is how new firmware reaches the devices of an area: in waves, the next one only
when every device of the waves before runs the new version, and never again after more
failures than are allowed. Pure: what devices said and the time come in, who is told what
comes out.

A device that runs the version says so itself, signed; so does one that went back. Nobody's
silence is taken for success.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

WAVES = (1, 3)  # then all the others
FETCHING_MAX = 4  # devices at a time: their M-LMDs carry readings as well, and hold what is on its way
PATIENCE_S = 4 * 3600  # from its first announcement to a device's word that it runs the version
ANNOUNCE_AGAIN_S = 120
INTERRUPTED = 1  # of the reasons for going back (docs/wire.cddl, 65020)

WAITING, ANNOUNCED, FETCHING, TRYING = "waiting", "announced", "fetching", "trying"
RUNNING, FAILED, SILENT = "running", "failed", "silent"
_UNDER_WAY = (ANNOUNCED, FETCHING, TRYING)


class Progress(NamedTuple):
    state: str = WAITING
    since_s: int = 0  # its first announcement
    said_s: int = 0  # the last one
    pieces: int = 0  # asked for so far
    reason: int = 0  # why it went back


class Rollout:
    def __init__(
        self,
        version: int,
        devices: Iterable[bytes],
        waves: Sequence[int] = WAVES,
        failures_max: int = 0,
        patience_s: int = PATIENCE_S,
    ) -> None:
        self.version = version
        self.progress = {device: Progress() for device in sorted(devices)}
        self._waves = tuple(waves)
        self._failures_max = failures_max
        self._patience_s = patience_s

    def resume(self, kept: Mapping[bytes, Progress]) -> None:
        """Go on where an earlier run of this rollout was."""
        self.progress |= kept

    def include(self, devices: Iterable[bytes]) -> None:
        """Devices that were registered since the beginning come last."""
        self.progress |= {device: Progress() for device in sorted(set(devices) - self.progress.keys())}

    # -- what devices said ------------------------------------------------------------------------

    def asked(self, device: bytes, end: int, count: int) -> None:
        """It asked for pieces of this version's image up to `end`, of `count`; with the last it has the image."""
        before = self.progress.get(device)
        if before is not None and before.state in _UNDER_WAY:
            state = FETCHING if end < count else TRYING
            self.progress[device] = before._replace(state=state, pieces=max(before.pieces, end))

    def runs(self, device: bytes, version: int) -> None:
        """It said, signed, which version it runs."""
        before = self.progress.get(device)
        if before is not None and version >= self.version:
            self.progress[device] = before._replace(state=RUNNING)

    def went_back(self, device: bytes, reason: int) -> None:
        """It said, signed, that it gave a new version up. What only lost its power is fetched again."""
        before = self.progress.get(device)
        if before is not None and before.state in _UNDER_WAY:
            state = ANNOUNCED if reason == INTERRUPTED else FAILED
            self.progress[device] = before._replace(state=state, reason=reason, said_s=0)

    # -- what follows -----------------------------------------------------------------------------

    def waves(self) -> list[list[bytes]]:
        """The devices, wave by wave, in the order of their ids."""
        left = list(self.progress)
        cut = []
        for size in self._waves:
            cut.append(left[:size])
            left = left[size:]
        return [wave for wave in [*cut, left] if wave]

    @property
    def failures(self) -> int:
        return sum(one.state in (FAILED, SILENT) for one in self.progress.values())

    @property
    def is_stopped(self) -> bool:
        return self.failures > self._failures_max

    @property
    def is_complete(self) -> bool:
        return all(one.state == RUNNING for one in self.progress.values())

    def wave(self) -> int:
        """The number of the wave that is under way, from 1; the last one begun when all is done or stopped."""
        waves = self.waves()
        if self.is_stopped:
            begun = [any(self.progress[device].state != WAITING for device in wave) for wave in waves]
            return len(waves) - begun[::-1].index(True)
        for number, wave in enumerate(waves, start=1):
            if any(self.progress[device].state in (WAITING, *_UNDER_WAY) for device in wave):
                return number
        return len(waves)

    def announce(self, now_s: int) -> list[bytes]:
        """Whom to announce the version to now; they are taken to have been told."""
        self._give_up(now_s)
        waves = self.waves()
        if self.is_stopped or not waves:
            return []
        busy = sum(one.state in (ANNOUNCED, FETCHING) for one in self.progress.values())
        due = [device for device in waves[self.wave() - 1] if self._is_due(self.progress[device], now_s)]
        fresh = [device for device in due if self.progress[device].state == WAITING][: max(0, FETCHING_MAX - busy)]
        due = [device for device in due if self.progress[device].state != WAITING] + fresh
        for device in due:
            before = self.progress[device]
            state = ANNOUNCED if before.state == WAITING else before.state
            self.progress[device] = before._replace(state=state, since_s=before.since_s or now_s, said_s=now_s)
        return due

    # One that is under way is told again, too: it may have missed one signature, or lost its power on trial.
    def _is_due(self, one: Progress, now_s: int) -> bool:
        return one.state == WAITING or (one.state in _UNDER_WAY and now_s >= one.said_s + ANNOUNCE_AGAIN_S)

    def _give_up(self, now_s: int) -> None:
        for device, one in self.progress.items():
            if one.state in _UNDER_WAY and now_s >= one.since_s + self._patience_s:
                self.progress[device] = one._replace(state=SILENT)
