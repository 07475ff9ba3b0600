"""
What the operator of a network signs for the ledger: who takes part, under which key, and
who no longer does. Signed here, submitted over MQTT or written to a file to be submitted later.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import paho.mqtt.client as paho
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.signing import SigningKey
from paho.mqtt.enums import CallbackAPIVersion

from deploy.errors import ProvisionError
from wire import kind, message, registration, revocation, rotation, topics

NOBODY = bytes(8)
_PATIENCE_S = 10.0


def identity_of(public_key: bytes) -> bytes:
    """The id of whoever holds this first public key."""
    return sha256(public_key).digest()[:8]


def require_sound(public_key: bytes) -> None:
    """Raises ProvisionError for a key of small order, the identity, or no point of the prime group: as the ledger."""
    if len(public_key) != 32 or not crypto_core_ed25519_is_valid_point(public_key):
        raise ProvisionError(f"{public_key.hex()} is no key: of small order, or no point of the curve's prime group")


@dataclass(frozen=True)
class Operator:
    network_id: bytes
    key: SigningKey

    @classmethod
    def load(cls, path: Path, network_id: bytes) -> "Operator":
        """The key in a file of 64 hex digits. Raises ProvisionError."""
        try:
            return cls(network_id, SigningKey(bytes.fromhex(path.read_text().strip())))
        except (OSError, ValueError) as error:
            raise ProvisionError(f"{path}: the operator's key is a file of 64 hex digits: {error}") from error

    def _seal(self, number: int, layout: object, fields: tuple) -> bytes:
        own = bytes(self.key.verify_key)
        sign = lambda data: self.key.sign(data).signature  # noqa: E731  as wire.cose wants it
        return message.seal(number, layout, fields, identity_of(own), self.network_id, sign)

    def register(self, nonce: int, role: int, public_key: bytes, owner_id: bytes, area_id: bytes, made: int) -> bytes:
        """The Registration of a key, signed. made: what the plant behind a meter makes. Raises ProvisionError."""
        require_sound(public_key)
        fields = (nonce, identity_of(public_key), role, public_key, owner_id, area_id, made)
        return self._seal(kind.REGISTRATION, registration.LAYOUT, fields)

    def rotate(self, made_s: int, subject_id: bytes, public_key: bytes) -> bytes:
        """The next key of a subject whose key is lost or stolen. Raises ProvisionError."""
        require_sound(public_key)
        return self._seal(kind.ROTATION, rotation.LAYOUT, (made_s, subject_id, public_key))

    def revoke(self, nonce: int, subject_id: bytes, reason: str) -> bytes:
        """The end of a subject. Raises ProvisionError."""
        if reason not in revocation.REASONS:
            raise ProvisionError(f"reason: one of {', '.join(revocation.REASONS)}")
        fields = (nonce, subject_id, revocation.REASONS.index(reason))
        return self._seal(kind.REVOCATION, revocation.LAYOUT, fields)


def submit(transaction: bytes, broker: str) -> None:
    """Hand a transaction to the full node. broker: host:port. Raises ProvisionError."""
    host, _, port = broker.rpartition(":")
    client = paho.Client(CallbackAPIVersion.VERSION2, f"gridtide-operator-{sha256(transaction).hexdigest()[:8]}")
    try:
        client.connect(host, int(port))
        client.loop_start()
        client.publish(topics.SUBMIT, transaction, qos=1).wait_for_publish(_PATIENCE_S)
    except (OSError, ValueError, RuntimeError) as error:
        raise ProvisionError(f"the broker {broker} did not take it: {error}") from error
    finally:
        client.disconnect()
        client.loop_stop()


def deliver(transaction: bytes, broker: str, path: Path | None) -> str:
    """Submit it, or write it to a file, or both. Says what was done. Raises ProvisionError."""
    done = []
    if path is not None:
        path.write_bytes(transaction)
        done.append(f"written to {path}")
    if broker:
        submit(transaction, broker)
        done.append(f"submitted over {broker}")
    if not done:
        raise ProvisionError("give a broker to submit it to, or a file to write it to")
    return " and ".join(done)
