"""
Sealing messages for the test vectors with cbor2 and PyNaCl alone. Keys are made from their
holder's name and sign nothing else.
"""

import hashlib

import cbor2
from nacl.signing import SigningKey

HOLDERS = ("operator", "user", "meter", "mlmd", "aggregator", "cloud", "stranger")
NETWORK_ID = hashlib.sha256(b"gridtide test vectors").digest()[:8]
KEYS = {name: SigningKey(hashlib.sha256(b"gridtide test vectors: " + name.encode()).digest()) for name in HOLDERS}
IDS = {name: hashlib.sha256(bytes(key.verify_key)).digest()[:8] for name, key in KEYS.items()}


def header(signer_id: bytes, typ: int) -> bytes:
    return cbor2.dumps({1: -8, 4: signer_id, 16: typ}, canonical=True)


def sign(key: SigningKey, protected: bytes, payload: bytes, network_id: bytes = NETWORK_ID) -> bytes:
    """RFC 9052, 4.4."""
    return key.sign(cbor2.dumps(["Signature1", protected, network_id, payload])).signature


def envelope(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def seal(signer: str, typ: int, payload: bytes) -> bytes:
    protected = header(IDS[signer], typ)
    return envelope(protected, payload, sign(KEYS[signer], protected, payload))


def array(value):
    """The fields of a message as nested arrays, without their names."""
    if isinstance(value, dict):
        return [array(field) for field in value.values()]
    return [array(item) for item in value] if isinstance(value, list) else value
