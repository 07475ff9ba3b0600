"""
How a device's key changes for this aggregator: announced by the device, handed to the
ledger, and in force from the block that applies it. What the key before signs is taken until the
first reading under the next one; from when that was signed it is refused. Pure but for the registry it changes.
"""

from typing import NamedTuple

from chain.ed25519 import verify
from wire import cose, message, revocation, rotation
from wire.errors import WireError

from .intake import Accepted, end_of
from .refusal import Refused
from .registry import OPEN, Device, Former, Registry


def read_announcement(data: bytes, device_id: bytes, registry: Registry, network_id: bytes) -> bytes | None:
    """
    A device's Rotation (untrusted bytes) on this device's topic, verified: for the ledger.
    None when the key it announces is in force already: the device has not heard yet.

    Raises WireError, Refused: wrong_topic.
    """
    envelope = cose.open_envelope(data, rotation.SIZE_MAX)
    if envelope.kind != rotation.KIND:
        raise WireError("wrong_kind", str(envelope.kind))
    wanted = message.decode(rotation.LAYOUT, envelope.payload, rotation.SIZE_MAX)
    if not envelope.signer_id == wanted.subject_id == device_id:
        raise Refused("wrong_topic", device_id.hex())
    public_key = registry.key_of(device_id)
    if public_key is None:
        raise registry.stranger(device_id)
    if wanted.public_key == public_key:
        return None
    cose.check_signature(envelope, public_key, network_id, verify)
    return data


class KeyChange(NamedTuple):
    """What one applied transaction did to a key of ours."""

    device_id: bytes
    device: Device
    former: Former | None


def read_rotation(
    transaction: bytes, registry: Registry, operator: tuple[bytes, bytes], network_id: bytes
) -> KeyChange | None:
    """
    The change an applied Rotation makes, None when it is none of our devices'. operator: (id, key).

    What the device's own rotation ends still counts until the device knows; what the operator ends was lost or stolen
    and counts no more. Raises WireError.
    """

    def key_of(signer: bytes) -> bytes | None:
        return operator[1] if signer == operator[0] else registry.key_of(signer)

    wanted = message.decode(rotation.LAYOUT, cose.open_envelope(transaction).payload)
    device = registry.devices.get(wanted.subject_id)
    if device is None:
        return None
    envelope, _ = message.open_as(
        rotation.KIND, rotation.LAYOUT, transaction, key_of, network_id, verify, rotation.SIZE_MAX
    )
    if envelope.signer_id not in (operator[0], wanted.subject_id):
        raise WireError("unknown_signer")
    is_own = envelope.signer_id == wanted.subject_id
    former = Former(device.public_key, OPEN) if is_own else None
    return KeyChange(wanted.subject_id, device._replace(public_key=wanted.public_key), former)


def read_revocation(transaction: bytes, operator: tuple[bytes, bytes], network_id: bytes) -> bytes:
    """The id that the operator ended. Raises WireError."""
    _, ended = message.open_as(
        revocation.KIND,
        revocation.LAYOUT,
        transaction,
        lambda signer: operator[1] if signer == operator[0] else None,
        network_id,
        verify,
        revocation.SIZE_MAX,
    )
    return ended.subject_id


def closes(accepted: Accepted, registry: Registry, network_id: bytes) -> int | None:
    """By when the former key of its device had ended, by this reading; None when it does not say so."""
    former, end_s = registry.former.get(accepted.device_id), end_of(accepted.records)
    if former is None or end_s >= former.until_s:
        return None
    envelope = cose.open_envelope(accepted.data)
    signed = cose.signature_input(envelope.protected, envelope.payload, network_id)
    is_new = verify(registry.devices[accepted.device_id].public_key, signed, envelope.signature)
    return end_s if is_new else None
