"""
The envelope of every signed message: COSE_Sign1 (RFC 9052, 4.2) with EdDSA over
Ed25519 (RFC 9053, 2.2).

The protected header names who signed (`kid`) and what kind of message it is (`typ`);
the external data names the network. What was signed is kept as bytes: nobody
re-encodes to check a signature.

Keys and the algorithm come from outside: `sign(message) -> 64 bytes` and
`verify(public_key, message, signature) -> bool`.
"""

from collections import namedtuple

from .cbor import Tagged, decode, encode
from .errors import WireError

TAG = 18  # COSE_Sign1
EDDSA = -8
_ALG, _KID, _TYP = 1, 4, 16
SIZE_MAX = 1 << 20

# data: the whole message as it came. payload: bytes, not decoded yet.
Envelope = namedtuple("Envelope", ("data", "kind", "signer_id", "protected", "payload", "signature"))


# RFC 9052, 4.4: what is signed.
def signature_input(protected, payload, network_id):
    """
    Sig_structure as bytes: ["Signature1", protected, external_aad, payload].

    The context is text in the RFC, so its head byte is written by hand: our CBOR has no text.
    """
    rest = encode([protected, network_id, payload])
    return b"\x84\x6aSignature1" + rest[1:]


def seal(kind, signer_id, payload, network_id, sign):
    """A signed message, as bytes. payload: encoded array; network_id: 8 bytes."""
    protected = encode({_ALG: EDDSA, _KID: signer_id, _TYP: kind})
    signature = sign(signature_input(protected, payload, network_id))
    return encode(Tagged(TAG, [protected, {}, payload, signature]))


def open_envelope(data, size_max=SIZE_MAX):
    """
    The parts of a signed message (untrusted bytes), its signature not checked yet.

    Raises WireError: those of cbor.decode, not_sign1, bad_header, wrong_length.
    """
    outer = decode(data, size_max, 3)
    if not isinstance(outer, Tagged) or outer.tag != TAG:
        raise WireError("not_sign1")
    parts = outer.value
    if not isinstance(parts, list) or len(parts) != 4:
        raise WireError("not_sign1")
    protected, unprotected, payload, signature = parts
    if not (isinstance(protected, bytes) and isinstance(payload, bytes) and isinstance(signature, bytes)):
        raise WireError("not_sign1")
    if unprotected != {}:
        raise WireError("bad_header", "unprotected header must be empty")
    header = decode(protected, 64, 2)
    if not isinstance(header, dict) or sorted(header) != [_ALG, _KID, _TYP] or header[_ALG] != EDDSA:
        raise WireError("bad_header")
    signer_id, kind = header[_KID], header[_TYP]
    if not isinstance(signer_id, bytes) or len(signer_id) != 8 or not isinstance(kind, int):
        raise WireError("bad_header")
    if len(signature) != 64:
        raise WireError("wrong_length", "signature")
    return Envelope(data, kind, signer_id, protected, payload, signature)


def check_signature(envelope, public_key, network_id, verify):
    """Raises WireError bad_signature unless `public_key` (32 bytes) signed this envelope for this network."""
    message = signature_input(envelope.protected, envelope.payload, network_id)
    if not verify(public_key, message, envelope.signature):
        raise WireError("bad_signature")
