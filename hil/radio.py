"""
The Radio is the air between the boards: who listens, and who else reads along. It loses
nothing and takes no time; a board that is off hears nothing.
"""

from collections.abc import Callable
from typing import Protocol

_BROADCAST = b"\xff" * 6


class Receiver(Protocol):
    radio_on: bool

    def hear(self, source: bytes, frame: bytes) -> None: ...


class Radio:
    def __init__(self) -> None:
        self.devices: dict[bytes, Receiver] = {}
        self.observers: list[Callable[[bytes, bytes, bytes], None]] = []  # (source, destination, frame)

    def hears(self, mac: bytes) -> bool:
        device = self.devices.get(mac)
        return device is not None and device.radio_on

    def carry(self, source: bytes, destination: bytes, frame: bytes) -> None:
        for observe in self.observers:
            observe(source, destination, frame)
        for mac, device in self.devices.items():
            if mac != source and destination in (mac, _BROADCAST) and device.radio_on:
                device.hear(source, frame)
