"""
The Registry is what this aggregator has learned of keys from the ledger: whom it takes
readings and receipts from. Only registrations that the operator signed and the ledger
applied get in; nothing else does.
"""

from collections.abc import Callable
from typing import NamedTuple

from wire import message, registration
from wire.registration import METER, MLMD

Verify = Callable[[bytes, bytes, bytes], bool]


class Device(NamedTuple):
    role: int  # registration.METER or registration.MLMD
    public_key: bytes


class Registry:
    """The devices of one area, by id."""

    def __init__(self, area_id: bytes, devices: dict[bytes, Device] | None = None) -> None:
        self.area_id = area_id
        self.devices = dict(devices or {})

    def key_of(self, device_id: bytes) -> bytes | None:
        device = self.devices.get(device_id)
        return None if device is None else device.public_key

    def mlmd_key_of(self, device_id: bytes) -> bytes | None:
        """The key of an M-LMD; None for strangers and for meters, which carry for nobody."""
        device = self.devices.get(device_id)
        return device.public_key if device is not None and device.role == MLMD else None

    @property
    def mlmds(self) -> frozenset[bytes]:
        return frozenset(identity for identity, device in self.devices.items() if device.role == MLMD)


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
