"""
The broker's end of TLS, as a device meets it: between the device's socket and the tap, so that
what the tap reads, counts and injects is MQTT in the clear. It lets in who shows a certificate
of the run's authority for the very device on this wire, and nobody else.

Nothing waits here and nothing takes time: what a device sent is answered in the same instant,
so neither random numbers nor the length of a signature reach virtual time.
"""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from deploy.certificates import Certified, authority, device_files, for_broker

HOST = "broker.gridtide.test"  # what devices ask for, and the broker's certificate is for
PORT = 8883
_RECORD = 16384


class Link(Protocol):
    """A client's connection through the tap."""

    def send(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class Broker(Protocol):
    """What a connection in the clear is asked of: the tap."""

    def connect(self, client: str, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> Link | None: ...


class Gate:
    """Where TLS ends for all devices of a run: the authority, and the broker's own certificate."""

    def __init__(self, behind: Broker, folder: Path, ids: Mapping[str, bytes]) -> None:
        """behind: the tap. ids: the id of each device, by the name it connects with."""
        self.authority: Certified = authority("Gridtide bench")
        self.counts = {"handshakes": 0, "refused": 0}
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.verify_mode = ssl.CERT_REQUIRED
        own, path = for_broker(self.authority, [HOST]), folder / "broker.pem"
        path.touch(0o600)
        path.write_bytes(own.key_pem() + own.pem)  # Python's ssl reads keys from files alone
        self.context.load_cert_chain(path)
        self.context.load_verify_locations(cadata=self.authority.pem.decode())
        self._behind = behind
        self._ids = ids

    def files(self, device: str) -> dict[str, bytes]:
        """What this device has on its flash."""
        return device_files(self.authority, self._ids[device])

    def connect(self, client: str, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> "SecureLink | None":
        """As Tap.connect, with TLS before it."""
        made = SecureLink(self, self._ids[client], deliver, lost)
        made.behind = self._behind.connect(client, made.answer, made.end)
        return made if made.behind else None


class SecureLink:
    """One device's connection: TLS on its side, MQTT in the clear on the tap's."""

    def __init__(self, gate: Gate, device_id: bytes, deliver: Callable[[bytes], None], lost: Callable[[], None]):
        self.behind: Link | None = None
        self._gate = gate
        self._device_id = device_id
        self._deliver, self._lost = deliver, lost
        self._from_device, self._to_device = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = gate.context.wrap_bio(self._from_device, self._to_device, server_side=True)
        self._is_open = False  # the handshake is over, and the certificate is this device's
        self._is_over = False

    def send(self, data: bytes) -> None:
        """Bytes of the device."""
        if self._is_over:
            return
        self._from_device.write(data)
        try:
            if self._is_open or self._handshake():
                self._read()
        except ssl.SSLError:
            self._gate.counts["refused"] += not self._is_open
            self._flush()  # the alert says why
            self.end()
            self.close()
        self._flush()

    def close(self) -> None:
        """The device hung up, or is refused."""
        self._is_over = True
        behind, self.behind = self.behind, None
        if behind:
            behind.close()

    def answer(self, data: bytes) -> None:
        """Bytes of the broker."""
        self._tls.write(data)
        self._flush()

    def end(self) -> None:
        """The broker hung up."""
        if not self._is_over:
            self._is_over = True
            self._lost()

    def _handshake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        shown = self._tls.getpeercert()
        name = dict(pair for pairs in shown["subject"] for pair in pairs)["commonName"] if shown else None  # type: ignore[misc]
        if name != self._device_id.hex():
            raise ssl.SSLError(f"the certificate is {name}'s")
        self._gate.counts["handshakes"] += 1
        self._is_open = True
        return True

    def _read(self) -> None:
        assert self.behind
        while not self._is_over:
            try:
                data = self._tls.read(_RECORD)
            except ssl.SSLWantReadError:
                return
            self.behind.send(data)

    def _flush(self) -> None:
        if self._to_device.pending:
            self._deliver(self._to_device.read())
