"""
The Distribution hands new firmware out: release files that the operator put into a folder,
announced by a Rollout's plan, and their pieces to whoever asks. It vouches for nothing:
devices believe the release keys, not us.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from wire import firmware, firmware_file, registration, topics
from wire.errors import WireError
from wire.event import CODES, Event
from wire.firmware import Firmware

from .ota import Progress, Rollout
from .registry import Device
from .rollout_store import RolloutStore
from .site import Outgoing

SUFFIX = ".release"
WINDOW_MAX = 24  # pieces for one request
_RUNNING, _WENT_BACK = CODES.index("firmware_running"), CODES.index("firmware_rolled_back")
_ROLES = (registration.METER, registration.MLMD)


class Release(NamedTuple):
    announcements: tuple[bytes, ...]
    content: Firmware
    frames: list[bytes]


def read_folder(folder: Path) -> tuple[list[Release], list[str]]:
    """The releases of the highest version in the folder, one for each role and board, and what files are none."""
    releases: list[Release] = []
    refused = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            releases.append(Release(*firmware_file.decode(path.read_bytes())))
        except WireError as error:
            refused.append(f"{path.name}: {error}")
    newest = max((one.content.version for one in releases), default=0)
    return [one for one in releases if one.content.version == newest], refused


class Distribution:
    """What it learns is kept in the store: `take_event`, `look` and `answer` are called inside a transaction."""

    # running: device -> the version it said last that it runs. failures_max: more of them stop a rollout.
    def __init__(
        self,
        folder: Path | None,
        area_id: bytes,
        running: dict[bytes, int],
        store: RolloutStore,
        failures_max: int = 0,
    ) -> None:
        self._folder = folder
        self._area_id = area_id
        self._seen: dict[str, int] = {}
        self._releases: list[Release] = []
        self._running = running
        self._store = store
        self._kept: dict[bytes, Progress] = {}
        self._failures_max = failures_max
        self.rollout: Rollout | None = None
        self.refused: list[str] = []

    def take_event(self, device_id: bytes, event: Event) -> None:
        """A device's event, verified."""
        if event.code == _RUNNING:
            self._running[device_id] = event.value
            if self.rollout:
                self.rollout.runs(device_id, event.value)
        elif event.code == _WENT_BACK and self.rollout:
            self.rollout.went_back(device_id, event.value)
        self._keep()

    def look(self, devices: dict[bytes, Device], now_s: int) -> list[Outgoing]:
        """What to announce now. devices: all of the area, as the ledger knows them."""
        if self._folder:
            self._read_again(self._folder, devices)
        if self.rollout is None:
            return []
        self.rollout.include(self._meant(devices))
        due = [one for one in self.rollout.announce(now_s) if one in devices]
        self._keep()
        return [
            self._to(one, said)
            for one in due
            for release in self._releases
            if release.content.role == devices[one].role
            for said in release.announcements
        ]

    def _meant(self, devices: dict[bytes, Device]) -> list[bytes]:
        roles = {release.content.role for release in self._releases}
        return [one for one, device in devices.items() if device.role in roles]

    def _read_again(self, folder: Path, devices: dict[bytes, Device]) -> None:
        found = {path.name: path.stat().st_mtime_ns for path in folder.glob(f"*{SUFFIX}")}
        if found == self._seen:
            return
        self._seen = found
        self._releases, self.refused = read_folder(folder)
        if self._releases:
            self.rollout = self._begin(self._releases[0].content.version, self._meant(devices))

    def _begin(self, version: int, meant: Iterable[bytes]) -> Rollout:
        rollout = Rollout(version, meant, failures_max=self._failures_max)
        self._kept = self._store.load(version)
        rollout.resume(self._kept)
        for device, running in self._running.items():
            rollout.runs(device, running)
        return rollout

    # How many pieces came, and when it was announced last, need not be known after a restart.
    def _keep(self) -> None:
        if self.rollout is None:
            return
        now = {device: _lasting(one) for device, one in self.rollout.progress.items()}
        changed = {device: one for device, one in now.items() if self._kept.get(device, Progress()) != one}
        self._store.keep(self.rollout.version, changed)
        self._kept = now

    def answer(self, device_id: bytes, request: bytes) -> list[Outgoing]:
        """The pieces that a device asked for (untrusted bytes). Raises WireError."""
        name, first, count = firmware.open_request(request)
        for release in self._releases:
            if release.content.sha256[: firmware.NAME_SIZE] != name:
                continue
            if self.rollout:
                self.rollout.asked(device_id, first + count, len(release.frames))
                self._keep()
            wanted = release.frames[first : first + min(count, WINDOW_MAX)]
            size = firmware.MESSAGE_PIECES
            return [self._to(device_id, b"".join(wanted[at : at + size])) for at in range(0, len(wanted), size)]
        return []  # an image of before

    def _to(self, device_id: bytes, payload: bytes) -> Outgoing:
        return Outgoing(topics.of_device(self._area_id, device_id, "firmware"), payload)

    def summary(self) -> dict[str, object]:
        """How the rollout stands: for the journal."""
        if self.rollout is None:
            return {"refused": self.refused} if self.refused else {}
        states = Counter(one.state for one in self.rollout.progress.values())
        wave, stopped = self.rollout.wave(), self.rollout.is_stopped
        return {"version": self.rollout.version, "wave": wave, "stopped": stopped, **states}


def _lasting(one: Progress) -> Progress:
    return one._replace(pieces=0, said_s=0)
