"""
An eavesdropper who keeps the first message of each kind that passed on the air or
through the broker, and sends them all again later, bit for bit.
"""

from dataclasses import dataclass

from hil.device import Device
from hil.mqtt_packets import Publish
from hil.tap import Tap
from wire import cose, kind
from wire.errors import WireError

# Only what is signed is worth a replay.
KINDS = {number: name.lower() for name, number in vars(kind).items() if isinstance(number, int)}


@dataclass(frozen=True)
class OnAir:
    source: bytes  # MAC
    destination: bytes
    frame: bytes


def kind_of(data: bytes) -> str | None:
    """The name of a signed message's kind, or None for anything else."""
    try:
        return KINDS.get(cose.open_envelope(data).kind)
    except WireError:
        return None


class Eavesdropper:
    def __init__(self, tap: Tap, devices: dict[bytes, Device]):
        """devices: by MAC."""
        self.sent: dict[str, int] = {}  # by "air/<kind>" or "mqtt/<kind>"
        self._tap = tap
        self._devices = devices
        self._on_air: dict[str, OnAir] = {}
        self._on_mqtt: dict[str, Publish] = {}

    def heard(self, source: bytes, destination: bytes, frame: bytes) -> None:
        name = kind_of(frame)
        if name:
            self._on_air.setdefault(name, OnAir(source, destination, frame))

    def read(self, _client: str, message: Publish) -> None:
        name = kind_of(message.payload)
        if name:
            self._on_mqtt.setdefault(name, message)

    def replay(self) -> list[str]:
        """Sends one captured message of each kind again; which."""
        for name, message in sorted(self._on_mqtt.items()):
            if self._tap.inject(message.topic, message.payload):
                self._count(f"mqtt/{name}")
        for name, captured in sorted(self._on_air.items()):
            device = self._devices.get(captured.destination)
            if device and device.radio_on:
                device.hear(captured.source, captured.frame)
                self._count(f"air/{name}")
        return sorted(self.sent)

    def _count(self, name: str) -> None:
        self.sent[name] = self.sent.get(name, 0) + 1
