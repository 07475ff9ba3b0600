"""
A person's particulars in sealed boxes: one for the person, one for the operator. The ledger holds the boxes; who has
neither secret key learns from them that there is a profile, and its length in steps of 256 bytes.

Keys: X25519, by libsodium's conversion from the Ed25519 keys that are on the ledger anyway.
"""

from typing import NamedTuple

import cbor2
from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey, VerifyKey

STEP = 256
SIZE_MAX = 7 * STEP


class Particulars(NamedTuple):
    """What must never stand anywhere in the clear."""

    name: str
    address: str
    location: str  # degrees, or whatever finds the place
    equipment: tuple[str, ...]


class ProfileError(Exception):
    """Too long, not for this key, or no profile."""


def seal(particulars: Particulars, public_keys: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """One box for each Ed25519 public key. Raises ProfileError when the particulars are too long."""
    plain = padded(particulars)
    return tuple(SealedBox(VerifyKey(key).to_curve25519_public_key()).encrypt(plain) for key in public_keys)


def open_box(box: bytes, seed: bytes) -> Particulars:
    """seed: of the holder's Ed25519 key. Raises ProfileError."""
    try:
        plain = SealedBox(SigningKey(seed).to_curve25519_private_key()).decrypt(box)
        name, address, location, equipment = cbor2.loads(plain.rstrip(b"\0")[:-1])
        return Particulars(name, address, location, tuple(equipment))
    except (CryptoError, cbor2.CBORDecodeError, ValueError, TypeError) as error:
        raise ProfileError("not for this key, or no profile") from error


def padded(particulars: Particulars) -> bytes:
    """CBOR, a byte 0x80 and zeros (ISO/IEC 7816-4): lengths tell nothing but the number of steps."""
    plain = cbor2.dumps([particulars.name, particulars.address, particulars.location, list(particulars.equipment)])
    plain += b"\x80"
    if len(plain) > SIZE_MAX:
        raise ProfileError(f"a profile may have {SIZE_MAX} bytes")
    return plain + bytes(-len(plain) % STEP)
