"""
A Release is the file in which new firmware goes from the operator to an aggregator: one
Firmware, signed by each of several release keys, and the image. Only hosts read it.
"""

from hashlib import sha256

from . import cbor, cose, firmware, message
from .errors import WireError

SIZE_MAX = firmware.IMAGE_SIZE_MAX + 4096


def encode(announcements, image):
    """A release file: the same Firmware, signed by each of several keys, and its image."""
    return cbor.encode([list(announcements), image])


def decode(data):
    """
    (announcements, Firmware, frames) of a release file. Its signatures are for the devices to check.

    Raises WireError; wrong_length and bad_signature when the image is not the one that is announced.
    """
    file = cbor.decode(data, SIZE_MAX)
    if not (isinstance(file, list) and len(file) == 2 and isinstance(file[0], list) and isinstance(file[1], bytes)):
        raise WireError("wrong_type", "release")
    envelopes = [cose.open_envelope(said, firmware.SIZE_MAX) for said in file[0]]
    if not envelopes or any(one.kind != firmware.KIND or one.payload != envelopes[0].payload for one in envelopes):
        raise WireError("wrong_kind", "release")
    content = message.decode(firmware.LAYOUT, envelopes[0].payload, firmware.SIZE_MAX)
    if len(file[1]) != content.size:
        raise WireError("wrong_length", "image")
    frames = firmware.pieces(file[1])
    if sha256(file[1]).digest() != content.sha256 or firmware.piece_hash(frames[0]) != content.first_piece:
        raise WireError("bad_signature", "image")
    return tuple(file[0]), content, frames
