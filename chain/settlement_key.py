"""
A user's settlement keys: others in every period, which only the user and the operator can tell are theirs.

Both have a secret in common (X25519 of their two keys). From it, the period and a number comes a scalar h; the public
key is h times the user's public key, so the operator can work it out; the secret scalar is h times the user's, so only
the user can sign. Signatures are ordinary Ed25519 (RFC 8032) and verify as such.

What links nothing by itself may still be linked by what it is used for: docs/privacy.md.
"""

from hashlib import sha512
from hmac import digest as hmac_digest

from nacl import bindings
from nacl.public import PrivateKey, PublicKey
from nacl.signing import SigningKey, VerifyKey


def shared_secret(seed: bytes, other_public_key: bytes) -> bytes:
    """The same 32 bytes for both. seed: one's own Ed25519 seed; other_public_key: the other's Ed25519 key."""
    mine: PrivateKey = SigningKey(seed).to_curve25519_private_key()
    other: PublicKey = VerifyKey(other_public_key).to_curve25519_public_key()
    return bindings.crypto_scalarmult(bytes(mine), bytes(other))


def public_key(secret: bytes, user_public_key: bytes, period: int, number: int = 0) -> bytes:
    """One of the user's settlement keys of a period, counted from 0, as the operator and the user work it out."""
    return bindings.crypto_scalarmult_ed25519_noclamp(_scalar(secret, period, number), user_public_key)


class SettlementKey:
    """The same with the user's seed: it signs."""

    def __init__(self, seed: bytes, operator_public_key: bytes, period: int, number: int = 0) -> None:
        expanded = sha512(seed).digest()
        secret = shared_secret(seed, operator_public_key)
        self.public_key = public_key(secret, bytes(SigningKey(seed).verify_key), period, number)
        self._scalar = bindings.crypto_core_ed25519_scalar_mul(_scalar(secret, period, number), _clamped(expanded[:32]))
        # What nonces come from: of this period alone, so that no two periods ever share one.
        self._prefix = hmac_digest(expanded[32:], b"gridtide settlement nonce" + self.public_key, "sha512")

    def sign(self, message: bytes) -> bytes:
        """64 bytes (RFC 8032, 5.1.6, with the scalar and the prefix of this period)."""
        r = _reduced(sha512(self._prefix + message).digest())
        big_r = bindings.crypto_scalarmult_ed25519_base_noclamp(r)
        k = _reduced(sha512(big_r + self.public_key + message).digest())
        s = bindings.crypto_core_ed25519_scalar_add(r, bindings.crypto_core_ed25519_scalar_mul(k, self._scalar))
        return big_r + s


def _scalar(secret: bytes, period: int, number: int) -> bytes:
    place = period.to_bytes(4, "big") + number.to_bytes(4, "big")
    return _reduced(hmac_digest(secret, b"gridtide settlement" + place, "sha512"))


def _reduced(number: bytes) -> bytes:
    return bindings.crypto_core_ed25519_scalar_reduce(number)


def _clamped(half: bytes) -> bytes:
    """RFC 8032, 5.1.5, then modulo the group's order: the user's own secret scalar."""
    clamped = bytes((half[0] & 248,)) + half[1:31] + bytes((half[31] & 63 | 64,))
    return _reduced(clamped + bytes(32))
