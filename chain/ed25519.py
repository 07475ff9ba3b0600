"""
The one verifier consensus depends on: libsodium, through PyNaCl. Ed25519 libraries differ at edge keys, so those are
refused at registration, and every signature on the ledger is checked here.
"""

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of `public_key` (32 bytes) signed `message`; signature: 64 bytes."""
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        return False
    return True


def is_sound(public_key: bytes) -> bool:
    """Whether a key (32 bytes) is a canonical point of the prime-order group: not the identity, not of small order."""
    return crypto_core_ed25519_is_valid_point(public_key)
