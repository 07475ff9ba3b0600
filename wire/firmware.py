"""
A Firmware names one image of one version for one role and board. The operator's release
keys sign it, each by itself over the same content; a device wants as many of them as its
config says before it takes a byte of the image.

The image comes in Pieces that nobody signs: the Firmware holds the hash of the first, each
piece the hash of the next (R. Gennaro, P. Rohatgi: How to sign digital streams, 1997). So a
device keeps one hash, refuses a bad piece at once, and may take pieces from anybody.

| frame   | bytes                                                                                  |
|---------|----------------------------------------------------------------------------------------|
| request | 0x02, the first 8 bytes of the image's SHA-256, u16 first index, u8 how many           |
| piece   | 0x03, the same 8 bytes, u16 index, SHA-256 of the next piece (zeros for the last), data |

Integers are big-endian. Every piece but the last has DATA_SIZE bytes of the image.
"""

from hashlib import sha256

from .errors import WireError
from .kind import FIRMWARE as KIND  # noqa: F401
from .schema import HASH, U8, UTC_S, Layout, integer, octets

IMAGE_SIZE_MAX = 1 << 20
LAYOUT = Layout(
    "Firmware",
    (
        ("role", U8),  # registration.METER or MLMD
        ("board", octets(1, 16)),  # its name, ASCII
        ("version", integer(1, 0x7FFFFFFF)),
        ("issued_s", UTC_S),
        ("expires_s", UTC_S),  # no device takes it from then on
        ("size", integer(1, IMAGE_SIZE_MAX)),
        ("sha256", HASH),  # of the image
        ("first_piece", HASH),  # of the first piece's frame
    ),
)
Firmware = LAYOUT.cls

SIZE_MAX = 250  # it goes on over ESP-NOW

REQUEST, PIECE = b"\x02", b"\x03"
NAME_SIZE = 8
DATA_SIZE = 207
PIECE_SIZE_MAX = 250
_HASH_SIZE = 32
_HEAD_SIZE = 1 + NAME_SIZE + 2 + _HASH_SIZE
# One MQTT message carries this many pieces back to back, all but the last of the image PIECE_SIZE_MAX long.
MESSAGE_PIECES = 3
REQUEST_SIZE = 1 + NAME_SIZE + 2 + 1
LAST = bytes(_HASH_SIZE)


def piece_count(size):
    return (size + DATA_SIZE - 1) // DATA_SIZE


def piece_hash(frame):
    return sha256(frame).digest()


def pieces(image):
    """The frames of `image` (bytes), in order; `piece_hash` of the first goes into the Firmware."""
    name, following, frames = sha256(image).digest()[:NAME_SIZE], LAST, []
    for index in range(piece_count(len(image)) - 1, -1, -1):
        data = image[index * DATA_SIZE : (index + 1) * DATA_SIZE]
        frame = PIECE + name + index.to_bytes(2, "big") + following + data
        following = piece_hash(frame)
        frames.append(frame)
    frames.reverse()
    return frames


def open_piece(frame, name, index, expected_hash, size):
    """
    (data, hash of the next piece) of piece `index` of the image `name` (8 bytes) of `size` bytes.

    frame: untrusted bytes. Raises WireError: wrong_kind, wrong_length, bad_signature (it is not what was announced).
    """
    if frame[:1] != PIECE or frame[1 : 1 + NAME_SIZE] != name or frame[9:11] != index.to_bytes(2, "big"):
        raise WireError("wrong_kind", "piece")
    if len(frame) != _HEAD_SIZE + min(DATA_SIZE, size - index * DATA_SIZE):
        raise WireError("wrong_length", "piece")
    if piece_hash(frame) != expected_hash:
        raise WireError("bad_signature", "piece")
    return frame[_HEAD_SIZE:], frame[11:_HEAD_SIZE]


def request(name, index, count):
    """The frame that asks for `count` pieces from `index` on."""
    return REQUEST + name + index.to_bytes(2, "big") + bytes((count,))


def open_request(frame):
    """(name, index, count) of a request (untrusted bytes). Raises WireError."""
    if frame[:1] != REQUEST:
        raise WireError("wrong_kind", "request")
    if len(frame) != REQUEST_SIZE:
        raise WireError("wrong_length", "request")
    return frame[1:9], frame[9] << 8 | frame[10], frame[11]


def frames_of(payload):
    """The frames in one MQTT message: an announcement, or pieces."""
    if payload[:1] != PIECE:
        return [payload]
    return [payload[at : at + PIECE_SIZE_MAX] for at in range(0, len(payload), PIECE_SIZE_MAX)]
