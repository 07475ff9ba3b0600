"""
What the operator of a network signs for the ledger: who takes part, under which key, and
who no longer does. Signed here, submitted over MQTT or written to a file to be submitted later.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.signing import SigningKey

from deploy.errors import ProvisionError
from deploy.ledger import LedgerLine
from wire import command, key_notice, kind, message, registration, revocation, rotation

NOBODY = bytes(8)
ORDER_LASTS_S = 3600


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

    @property
    def id(self) -> bytes:
        return identity_of(bytes(self.key.verify_key))

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
        return self._seal(kind.ROTATION, rotation.LAYOUT, (made_s, subject_id, public_key, b""))

    def area_notice(self, made_s: int, area_id: bytes, public_key: bytes) -> bytes:
        """For the devices of an area: whose key its aggregator signs with now. Raises ProvisionError."""
        require_sound(public_key)
        return self._seal(kind.KEY_NOTICE, key_notice.LAYOUT, (made_s, area_id, public_key))

    def order_rotation(self, device_id: bytes, now_s: int) -> bytes:
        """The order to a device, by its aggregator, to make its next key."""
        fields = (device_id, now_s, 0, 0, 0, now_s, now_s + ORDER_LASTS_S, command.ROTATE_KEY, 0)
        return self._seal(kind.COMMAND, command.LAYOUT, fields)

    def revoke(self, nonce: int, subject_id: bytes, reason: str) -> bytes:
        """The end of a subject. Raises ProvisionError."""
        if reason not in revocation.REASONS:
            raise ProvisionError(f"reason: one of {', '.join(revocation.REASONS)}")
        fields = (nonce, subject_id, revocation.REASONS.index(reason))
        return self._seal(kind.REVOCATION, revocation.LAYOUT, fields)


def deliver(transaction: bytes, line: LedgerLine | None, path: Path | None) -> str:
    """Have the ledger apply it, or write it to a file, or both. Says what was done. Raises ProvisionError."""
    done = []
    if path is not None:
        path.write_bytes(transaction)
        done.append(f"written to {path}")
    if line is not None:
        line.hand_in(transaction)
        done.append("applied by the ledger")
    if not done:
        raise ProvisionError("give a broker to submit it to, or a file to write it to")
    return " and ".join(done)
