"""A service's own key: who it is and how it signs. Who verifies asks chain/ed25519.py."""

from hashlib import sha256
from pathlib import Path

from nacl.signing import SigningKey


def identity_of(public_key: bytes) -> bytes:
    """The 8-byte id of whoever holds this first public key."""
    return sha256(public_key).digest()[:8]


class Signer:
    """A secret key that signs: `identity` (8 bytes), `public_key` (32 bytes), `sign(message) -> 64 bytes`."""

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self.public_key = bytes(self._key.verify_key)
        self.identity = identity_of(self.public_key)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message).signature


def load_signer(path: Path) -> Signer:
    """The key in a file of 64 hex digits. Raises ValueError naming the file."""
    return Signer(load_key(path))


def load_key(path: Path) -> bytes:
    """The 32 bytes in a file of 64 hex digits. Raises ValueError naming the file."""
    try:
        seed = bytes.fromhex(path.read_text().strip())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path}: not hex") from error
    if len(seed) != 32:
        raise ValueError(f"{path}: {len(seed)} bytes; a secret key has 32, in hex")
    return seed
