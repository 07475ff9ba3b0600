"""
Ed25519 (RFC 8032, 5.1) for devices: sign what they measured, verify what they are told.

Refuses exactly what libsodium 1.0.20 refuses: s >= L, a key that is not canonical, keys and
R of small order; the equation is checked without the cofactor. The tests hold it against
PyNaCl on both interpreters.

Time: where the field has native code (`crypto_curve` picks it), its steps and addresses are the same
for every secret. But scalars are added, multiplied and reduced modulo L as big integers, whose time depends a
little on their value, and without native code nothing is constant: docs/security.md has the limits.
Signing is deterministic: there is no random number that could be bad.

Memory: 1.5 KB of registers, programs and digits, 1.2 KB for every key that is kept.
"""

import crypto_curve as curve
from sha512 import sha512

L = (1 << 252) + 27742317777372353535851937790883648493
# Keys whose tables are kept: a device hears its aggregator and its M-LMD.
_KEYS_MAX = 2

_keys = {}


# Odd, as the comb asks for; the base point has order L.
def _odd(number):
    return number if number & 1 else number + L


def _hash(*parts):
    return int.from_bytes(sha512(b"".join(parts)), "little") % L


class Signer:
    """A secret key, ready to sign. seed: 32 bytes. `public_key`: 32 bytes."""

    def __init__(self, seed):
        assert len(seed) == 32
        digest = sha512(seed)
        scalar = int.from_bytes(digest[:32], "little")
        self._scalar = scalar & ((1 << 254) - 8) | 1 << 254
        self._prefix = digest[32:]
        self.public_key = curve.multiply_base(_odd(self._scalar))

    def sign(self, message):
        """The signature of `message` (bytes): 64 bytes."""
        nonce = _hash(self._prefix, message)
        r = curve.multiply_base(_odd(nonce))
        s = (nonce + _hash(r, self.public_key, message) * self._scalar) % L
        return r + s.to_bytes(32, "little")


def public_key(seed):
    """The public key of `seed` (32 bytes): 32 bytes."""
    return Signer(seed).public_key


def sign(seed, message):
    """The signature of `message` (bytes) under `seed` (32 bytes): 64 bytes. Use a Signer for more than one."""
    return Signer(seed).sign(message)


# The comb of minus the key's point, or None for a key that verifies nothing.
def _table_of(key):
    table = _keys.get(key)
    if table is None:
        table = None if _encodes_small_order(key) else curve.table_of_minus(key)
        if table is None:
            return None
        if len(_keys) >= _KEYS_MAX:
            _keys.pop(next(iter(_keys)))
        _keys[key] = table
    return table


def forget_keys():
    """Drops the tables of all keys; each is made again when its key is next heard."""
    _keys.clear()


# libsodium looks at R's bytes only: the eight points of small order, with any sign bit, canonical or not.
def _encodes_small_order(encoded):
    return int.from_bytes(encoded, "little") & ((1 << 255) - 1) in _SMALL_ORDER


_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = (0, 1, curve.P - 1, curve.P, curve.P + 1, _ORDER_8, curve.P - _ORDER_8)


def verify(key, message, signature):
    """Whether `signature` (64 bytes) is `key`'s (32 bytes) over `message` (bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    r = bytes(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if s >= L or _encodes_small_order(r):
        return False
    table = _table_of(bytes(key))
    if table is None:
        return False
    challenge = _hash(r, key, message)
    return curve.multiply_sum(_odd(s), challenge, table) == r
