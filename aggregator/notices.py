"""
Notices tell devices which keys changed on the ledger: the device itself, which only then
switches to its next key, and those that hear it by radio. Each can be made again at any
time from what stands on disk, so nobody waits for one that was lost.
"""

from collections.abc import Callable, Iterable

from wire import key_notice, topics
from wire.registration import MLMD

from .site import Outgoing, Site


class Notices:
    """
    mlmd_of(meter_id): the M-LMD behind which a meter is, as far as it is known. succession: the operator's KeyNotice of
    an area that was another aggregator's before, as signed; empty otherwise.
    """

    def __init__(self, site: Site, mlmd_of: Callable[[bytes], bytes | None], succession: bytes = b"") -> None:
        self._site = site
        self._mlmd_of = mlmd_of
        self._succession = succession

    def succession(self, device_ids: Iterable[bytes]) -> list[Outgoing]:
        """To devices that may still believe the aggregator before: who offers again what was acknowledged does."""
        if not self._succession:
            return []
        area_id = self._site.area_id
        return [Outgoing(topics.of_device(area_id, one, "command"), self._succession) for one in sorted(device_ids)]

    def about(self, device_id: bytes) -> list[Outgoing]:
        """Its key is another one now: a meter's M-LMD hears it on the way, an M-LMD's meters from it."""
        device = self._site.registry.devices.get(device_id)
        height = self._site.store.keys.heights().get(device_id)
        if device is None or height is None:
            return []
        to = self._mlmds() if device.role == MLMD else [device_id]
        return [self._outgoing(one, device_id, height) for one in to]

    def through(self, mlmd_id: bytes) -> list[Outgoing]:
        """Everything an M-LMD that is back may have missed: of M-LMDs, and of its own meters."""
        devices = self._site.registry.devices
        if mlmd_id not in devices:
            return []
        return self.succession([mlmd_id]) + [
            self._outgoing(device_id if device_id in self._behind(mlmd_id) else mlmd_id, device_id, height)
            for device_id, height in self._site.store.keys.heights().items()
            if device_id in devices and (devices[device_id].role == MLMD or device_id in self._behind(mlmd_id))
        ]

    def _behind(self, mlmd_id: bytes) -> set[bytes]:
        return {one for one in self._site.registry.devices if self._mlmd_of(one) == mlmd_id and one != mlmd_id}

    def _mlmds(self) -> list[bytes]:
        return sorted(one for one, device in self._site.registry.devices.items() if device.role == MLMD)

    def _outgoing(self, to: bytes, device_id: bytes, height: int) -> Outgoing:
        content = (height, device_id, self._site.registry.devices[device_id].public_key)
        said = self._site.seal(key_notice.KIND, key_notice.LAYOUT, content)
        return Outgoing(topics.of_device(self._site.area_id, to, "command"), said)
