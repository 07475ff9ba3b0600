"""
A day part on which new firmware is rolled out: every board starts from its slots through
the selector, and the aggregator finds a release in its folder.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hil import firmware, images
from hil.device import Board
from hil.identity import verify
from hil.mqtt_packets import Publish
from hil.options import Options
from hil.plant import Site
from hil.run import Run
from wire import event, message, topics
from wire import firmware as pieces
from wire.errors import WireError

FIRST, SECOND = 1, 2
RELEASE_AFTER_S = 300
RENEWAL_BYTES = 40 * 1024  # of heap: a board with slots keeps a Renewal, and an Update while it fetches
MAIN = Path("/flash/main.py")
# As wire/event.py and docs/wire.cddl (65020) number them.
REASONS = ("", "interrupted", "damaged", "raised", "hung", "no network", "chips silent", "restarted", "overdue")
RUNNING, WENT_BACK = event.CODES.index("firmware_running"), event.CODES.index("firmware_rolled_back")


@dataclass
class Seen:
    """One device, as the broker saw it."""

    name: str
    version: int = FIRST
    pieces: int = 0
    reason: str = ""
    told: tuple[int, int] = (0, 0)  # boot and sequence of its last event


class Rollout(Run):
    def __init__(self, options: Options, fault: str | None, tell: Callable[[int, str], None], failures_max: int = 0):
        """
        fault: one of firmware.FAULTS in the second version. tell(now_s, line): something happened. failures_max: more
        stop the rollout.
        """
        super().__init__(options, lambda _state: None)
        self._fault = fault
        self._failures_max = failures_max
        self._tell = tell
        self.seen: dict[bytes, Seen] = {}

    def _prepare(self) -> None:
        self._trees = {role: images.tree_of(role) for role in firmware.ROLES}
        self._keys = firmware.release_keys(self.options.seed)
        super()._prepare()
        self.seen = {holder.id: Seen(name) for name, holder in self.network.devices.items()}

    def _write_configs(self) -> None:
        super()._write_configs()
        self.releases = (self.out / "services" / "firmware").resolve()
        self.releases.mkdir()
        path = self.out / "services" / "aggregator.toml"
        own = f'firmware_folder = "{self.releases}"\nfirmware_failures_max = {self._failures_max}\n'
        path.write_text(own + path.read_text())

    def _make_images(self) -> None:
        self._emulated = images.make_emulated(self.folder)
        self._first = {role: firmware.image(tree, FIRST) for role, tree in self._trees.items()}
        self._beside = {role: firmware.device_files(self._keys, FIRST, rom) for role, rom in self._first.items()}

    def _board(self, site: Site, image: Path) -> tuple[Board, dict[str, bytes]]:
        slots = image.with_suffix(".rom")
        slots.write_bytes(firmware.partition(self._first[site.role]))
        log, mac = self.out / "logs" / f"{site.name}.log", self.network.devices[site.name].mac
        heap = images.HEAP_BYTES[site.role] + RENEWAL_BYTES
        board = Board(site.name, mac, image, log, MAIN, roms=(self._emulated,), slots=slots, heap_bytes=heap)
        return board, self._beside[site.role]

    def _start(self) -> None:
        super()._start()
        self.tap.on_publish.append(self._published)
        self.time.at(self.time.now_ms + RELEASE_AFTER_S * 1000, self._release)

    def _release(self) -> None:
        now_s = self.time.now_ms // 1000
        for role, tree in self._trees.items():
            rom = firmware.image(tree, SECOND, self._fault)
            made = firmware.release(self.network.network_id, self._keys, role, SECOND, now_s, rom)
            (self.releases / f"{role}-{SECOND}.release").write_bytes(made)
            self._tell(now_s, f"release {role} version {SECOND}: {len(rom)} bytes, {len(made) - len(rom)} to announce")

    # -- what the broker sees ---------------------------------------------------------------------

    def _published(self, _client: str, sent: Publish) -> None:
        place = topics.device_of(sent.topic)
        if place is None or place[0] not in self.seen:
            return
        device_id, leaf = place
        if leaf == "firmware_request":
            self._asked(device_id, sent.payload)
        elif leaf == "event":
            self._said(device_id, sent.payload)

    def _asked(self, device_id: bytes, payload: bytes) -> None:
        seen = self.seen[device_id]
        if not seen.pieces:
            self._tell(self.time.now_ms // 1000, f"{seen.name} begins to fetch version {SECOND}")
        seen.pieces = max(seen.pieces, sum(pieces.open_request(payload)[1:]))

    def _said(self, device_id: bytes, payload: bytes) -> None:
        keys = {holder.id: holder.public_key for holder in self.network.devices.values()}
        kind, layout, network_id = event.KIND, event.LAYOUT, self.network.network_id
        try:
            _, said = message.open_as(kind, layout, payload, keys.get, network_id, verify, event.SIZE_MAX)
        except WireError:
            return
        seen = self.seen[device_id]
        if (said.boot, said.sequence) <= seen.told:
            return  # said again
        seen.told = said.boot, said.sequence
        if said.code == WENT_BACK and seen.reason != REASONS[said.value]:
            seen.reason = REASONS[said.value]
            self._tell(self.time.now_ms // 1000, f"{seen.name} went back to version {seen.version}: {seen.reason}")
        elif said.code == RUNNING and seen.version != said.value:
            seen.version = said.value
            self._tell(self.time.now_ms // 1000, f"{seen.name} runs version {said.value}")

    def waves(self) -> list[tuple[int, bool]]:
        """(number of the wave, whether the rollout is stopped), in the order in which the aggregator noted it."""
        lines = (self.out / "logs" / "aggregator.log").read_text(encoding="utf-8").splitlines()
        noted = [one for one in map(json.loads, lines) if one["event"] == "firmware" and "wave" in one]
        return [(one["wave"], one["stopped"]) for one in noted]

    def versions(self) -> Counter[int]:
        return Counter(seen.version for seen in self.seen.values())
