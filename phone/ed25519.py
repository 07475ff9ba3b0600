"""Ed25519 verification by libsodium, which refuses weak keys and signatures that are not canonical."""

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `public_key` (32 bytes) signed `message`."""
    try:
        VerifyKey(public_key).verify(message, signature)
    except (CryptoError, ValueError, TypeError):
        return False
    return True
