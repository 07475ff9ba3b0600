"""
Sealing and opening a message of one kind: layout, CBOR and envelope in one step.

Each message file of this package holds its fields and the names of its codes; how a
message is signed and read back is the same for all of them and stands here.
"""

from . import cbor, cose
from .errors import WireError
from .schema import check


def encode(layout, message):
    """The payload of `message` (the namedtuple of `layout`, or a sequence in its order), as bytes. Checked first."""
    return cbor.encode(check(layout, message))


def decode(layout, payload, size_max=cose.SIZE_MAX):
    """The namedtuple of `layout` that `payload` (untrusted bytes) holds. Raises WireError."""
    return check(layout, cbor.decode(payload, size_max))


def seal(kind, layout, message, signer_id, network_id, sign):
    """`message` signed, as bytes."""
    return cose.seal(kind, signer_id, encode(layout, message), network_id, sign)


def open_as(kind, layout, data, public_key_of, network_id, verify, size_max=cose.SIZE_MAX):
    """
    (envelope, message) of a signed message of this kind, its signature verified.

    data: untrusted bytes. public_key_of(signer_id) -> 32 bytes, or None for a stranger.
    Raises WireError: wrong_kind, unknown_signer, bad_signature and all of decoding.
    """
    envelope = cose.open_envelope(data, size_max)
    if envelope.kind != kind:
        raise WireError("wrong_kind", str(envelope.kind))
    public_key = public_key_of(envelope.signer_id)
    if public_key is None:
        raise WireError("unknown_signer")
    cose.check_signature(envelope, public_key, network_id, verify)
    return envelope, decode(layout, envelope.payload, size_max)
