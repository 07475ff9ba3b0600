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

from .cbor import TAG_SIGN1, Tagged, decode, encode, octets_head
from .errors import WireError

EDDSA = -8
_ALG, _KID, _TYP = 1, 4, 16
SIZE_MAX = 1 << 20

# As `seal` writes them: tag 18, an array of four, the protected header up to its kid; then typ of two bytes.
_START = b"\xd2\x84\x51\xa3\x01\x27\x04\x48"
_TYP_HEAD = b"\x10\x19"
_EMPTY_MAP = 0xA0
_SIGNATURE_HEAD = b"\x58\x40"
_TAIL_SIZE = 2 + 64

# data: the whole message as it came. payload: bytes, not decoded yet.
Envelope = namedtuple("Envelope", ("data", "kind", "signer_id", "protected", "payload", "signature"))


# RFC 9052, 4.4: what is signed.
def signature_input(protected, payload, network_id):
    """
    Sig_structure as bytes: ["Signature1", protected, external_aad, payload].

    Written by hand: our CBOR has no text, which the context is, and every signature comes by here.
    """
    heads = [octets_head(len(part)) for part in (protected, network_id, payload)]
    return b"\x84\x6aSignature1" + heads[0] + protected + heads[1] + network_id + heads[2] + payload


def seal(kind, signer_id, payload, network_id, sign):
    """A signed message, as bytes. payload: encoded array; network_id: 8 bytes."""
    protected = encode({_ALG: EDDSA, _KID: signer_id, _TYP: kind})
    signature = sign(signature_input(protected, payload, network_id))
    return encode(Tagged(TAG_SIGN1, [protected, {}, payload, signature]))


def open_envelope(data, size_max=SIZE_MAX):
    """
    The parts of a signed message (untrusted bytes), its signature not checked yet.

    Raises WireError: those of cbor.decode, not_sign1, bad_header, wrong_length.
    """
    if len(data) > size_max:
        raise WireError("too_large")
    data = bytes(data)
    return _cut(data) or _take_apart(data)


# The parts of an envelope with the heads that `seal` writes around a payload of 24 bytes and more, cut at
# their known places. None for all else, right or wrong: `_take_apart` tells.
def _cut(data):
    end = len(data) - _TAIL_SIZE
    if end < 24 or data[:8] != _START or data[16:18] != _TYP_HEAD or data[18] == 0 or data[20] != _EMPTY_MAP:
        return None
    if data[21] == 0x58:
        start, length, least = 23, data[22], 24
    elif data[21] == 0x59:
        start, length, least = 24, data[22] << 8 | data[23], 256
    else:
        return None
    if length < least or start + length != end or data[end : end + 2] != _SIGNATURE_HEAD:
        return None
    return Envelope(data, data[18] << 8 | data[19], data[8:16], data[3:20], data[start:end], data[end + 2 :])


def _take_apart(data):
    outer = decode(data, len(data), 3)
    if not isinstance(outer, Tagged):
        raise WireError("not_sign1")
    parts = outer.value
    if not isinstance(parts, list) or len(parts) != 4:
        raise WireError("not_sign1")
    protected, unprotected, payload, signature = parts
    if not (isinstance(protected, bytes) and isinstance(payload, bytes) and isinstance(signature, bytes)):
        raise WireError("not_sign1")
    if unprotected != {}:
        raise WireError("bad_header", "unprotected header must be empty")
    signer_id, kind = _read_header(protected)
    if len(signature) != 64:
        raise WireError("wrong_length", "signature")
    return Envelope(data, kind, signer_id, protected, payload, signature)


def _read_header(protected):
    header = decode(protected, 64, 2)
    if not isinstance(header, dict) or sorted(header) != [_ALG, _KID, _TYP] or header[_ALG] != EDDSA:
        raise WireError("bad_header")
    signer_id, kind = header[_KID], header[_TYP]
    if not isinstance(signer_id, bytes) or len(signer_id) != 8:
        raise WireError("bad_header", "kid")
    if not isinstance(kind, int) or not 0 <= kind <= 0xFFFF:
        raise WireError("bad_header", "typ")
    return signer_id, kind


def check_signature(envelope, public_key, network_id, verify):
    """Raises WireError bad_signature unless `public_key` (32 bytes) signed this envelope for this network."""
    message = signature_input(envelope.protected, envelope.payload, network_id)
    if not verify(public_key, message, envelope.signature):
        raise WireError("bad_signature")
