"""
The Registry is what this aggregator has learned of keys from the ledger: whom it takes
readings and receipts from. Only registrations that the operator signed and the ledger
applied get in; nothing else does. A key that was changed still counts for what was measured
before; whoever was revoked is refused by that name.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from wire import cose, message, registration
from wire.cose import SIZE_MAX, Envelope
from wire.errors import WireError
from wire.registration import METER, MLMD
from wire.schema import Layout

from .refusal import Refused

Verify = Callable[[bytes, bytes, bytes], bool]


class Device(NamedTuple):
    role: int  # registration.METER or registration.MLMD
    public_key: bytes


class Former(NamedTuple):
    """The key a device had before it changed it itself."""

    public_key: bytes
    until_s: int  # what was signed from then on is not taken under it; OPEN until the device uses its next key


OPEN = 1 << 34


class Registry:
    """The devices of one area, by id. revoked: those that were, and take part no more."""

    def __init__(
        self,
        area_id: bytes,
        devices: dict[bytes, Device] | None = None,
        former: dict[bytes, Former] | None = None,
        revoked: dict[bytes, Device] | None = None,
    ) -> None:
        self.area_id = area_id
        self.devices = dict(devices or {})
        self.former = dict(former or {})
        self.revoked = dict(revoked or {})

    def stranger(self, device_id: bytes) -> WireError | Refused:
        """Why nothing of this id is taken: to be raised."""
        return Refused("revoked", device_id.hex()) if device_id in self.revoked else WireError("unknown_signer")

    def key_of(self, device_id: bytes) -> bytes | None:
        device = self.devices.get(device_id)
        return None if device is None else device.public_key

    def keys_of(self, device_id: bytes, at_s: int) -> list[bytes]:
        """Under which keys a device may say what happened at `at_s`: its present one first."""
        device, former = self.devices.get(device_id), self.former.get(device_id)
        if device is None:
            return []
        return [device.public_key, former.public_key] if former and at_s < former.until_s else [device.public_key]

    def check(self, envelope: Envelope, at_s: int, network_id: bytes, verify: Verify) -> None:
        """Raises WireError, Refused unless a device of ours may have signed this, which happened at `at_s`."""
        keys = self.keys_of(envelope.signer_id, at_s)
        if not keys:
            raise self.stranger(envelope.signer_id)
        signed = cose.signature_input(envelope.protected, envelope.payload, network_id)
        if not any(verify(key, signed, envelope.signature) for key in keys):
            raise WireError("bad_signature")

    def open(
        self, kind: int, layout: Layout, data: bytes, at_of: Callable[[Any], int], network_id: bytes, verify: Verify
    ) -> tuple[Envelope, Any]:
        """(envelope, message) of what one of our devices signed; at_of(message): when it happened. As `check`."""
        envelope = cose.open_envelope(data, SIZE_MAX)
        if envelope.kind != kind:
            raise WireError("wrong_kind", str(envelope.kind))
        content = message.decode(layout, envelope.payload, SIZE_MAX)
        self.check(envelope, at_of(content), network_id, verify)
        return envelope, content

    def mlmd_key_of(self, device_id: bytes) -> bytes | None:
        """The key of an M-LMD; None for strangers and for meters, which carry for nobody."""
        device = self.devices.get(device_id)
        return device.public_key if device is not None and device.role == MLMD else None

    @property
    def mlmds(self) -> frozenset[bytes]:
        """Also those revoked: what they measured before still counts."""
        known = self.devices | self.revoked
        return frozenset(identity for identity, device in known.items() if device.role == MLMD)


def read_registration(
    transaction: bytes, operator_id: bytes, operator_key: bytes, network_id: bytes, verify: Verify
) -> registration.Registration:
    """The registration in a signed transaction. Raises WireError: unknown_signer when it is not the operator's."""
    _, registered = message.open_as(
        registration.KIND,
        registration.LAYOUT,
        transaction,
        lambda signer: operator_key if signer == operator_id else None,
        network_id,
        verify,
        registration.SIZE_MAX,
    )
    return registered


def device_of_area(registered: registration.Registration, area_id: bytes) -> Device | None:
    """The device that this registration puts into `area_id`, or None when it is of something else."""
    if registered.area_id != area_id or registered.role not in (METER, MLMD):
        return None
    return Device(registered.role, registered.public_key)
