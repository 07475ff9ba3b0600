"""
Whom the bench's users would be: names, addresses, places and equipment from the seed, in the sealed boxes in which
they reach the ledger. The ephemeral keys come from the seed, too, so that a run can be repeated to the byte; anywhere
else they are random.
"""

import random
from hashlib import blake2b, sha256

import cbor2
from nacl import bindings

_FIRST = ("Aino", "Bertil", "Chiara", "Dimitra", "Eamon", "Freja", "Goran", "Hanneke", "Ines", "Jakub")
_LAST = (
    "Aaltonen",
    "Bergstroem",
    "Conti",
    "Dimitriou",
    "Egan",
    "Frandsen",
    "Golubovic",
    "Hoekstra",
    "Ibarra",
    "Jablonski",
)
_STREETS = ("Windmolenweg", "Rue du Soleil", "Batterigatan", "Via Trasformatore", "Am Umspannwerk")
STEP = 256


def particulars(seed: str, name: str, equipment: list[str]) -> list:
    """name, address, location, equipment: what must stand nowhere in the clear."""
    dice = random.Random(f"{seed} profile of {name}")
    person = f"{dice.choice(_FIRST)} {dice.choice(_LAST)}-{dice.randrange(1000, 9999)}"
    address = f"{dice.choice(_STREETS)} {dice.randrange(1, 400)}, {dice.randrange(10000, 99999)}"
    place = f"{dice.uniform(40, 60):.6f} N {dice.uniform(0, 20):.6f} E"
    return [person, address, place, equipment]


def boxes(seed: str, plain: list, *public_keys: bytes) -> list[bytes]:
    """One sealed box (libsodium's crypto_box_seal) for each Ed25519 key."""
    encoded = cbor2.dumps(plain) + b"\x80"
    padded = encoded + bytes(-len(encoded) % STEP)
    return [_sealed(seed, padded, bindings.crypto_sign_ed25519_pk_to_curve25519(key)) for key in public_keys]


def _sealed(seed: str, plain: bytes, public_key: bytes) -> bytes:
    ephemeral = sha256(f"{seed} box".encode() + public_key + plain).digest()
    ephemeral_public, ephemeral_secret = bindings.crypto_box_seed_keypair(ephemeral)
    nonce = blake2b(ephemeral_public + public_key, digest_size=24).digest()
    return ephemeral_public + bindings.crypto_box(plain, nonce, public_key, ephemeral_secret)
