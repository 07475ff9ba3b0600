"""
The quick way through a reading's bytes, for the many that are as they should be. It
accepts only what `wire.message.open_as` accepts, and gives the same values; all else is
None here and takes the slow way, which names the fault.
"""

from typing import NamedTuple

import cbor2

from wire import cbor, kind, reading

from . import canonical

_START = b"\xd2\x84\x51\xa3\x01\x27\x04\x48"  # tag 18, [<<{alg: EdDSA, kid: 8 bytes ...
_PROTECTED_END = b"\x10" + cbor.encode(kind.READING)  # ... typ: Reading}>>,
_KID_END = len(_START) + 8
_HEADER_END = _KID_END + len(_PROTECTED_END)
_SIGNATURE_HEAD = b"\x58\x40"
_CONTEXT = b"\x84\x6aSignature1"  # RFC 9052, 4.4
_RECORDS_MAX = 60
_LENGTH_MIN = _HEADER_END + 1 + 26 + 66  # no reading is shorter


class Parts(NamedTuple):
    """A reading's envelope, cut up and not verified yet."""

    device_id: bytes
    protected: bytes  # as an encoded byte string
    payload: bytes
    payload_item: bytes  # as an encoded byte string
    signature: bytes


def cut(data: bytes) -> Parts | None:
    """The parts of a signed reading, or None when these bytes must take the slow way."""
    end = len(data) - 66
    if len(data) < _LENGTH_MIN or len(data) > reading.SIZE_MAX:
        return None
    if not (data.startswith(_START) and data[_KID_END:_HEADER_END] == _PROTECTED_END):
        return None
    if data[_HEADER_END] != 0xA0 or data[end : end + 2] != _SIGNATURE_HEAD:
        return None
    item = data[_HEADER_END + 1 : end]
    payload = _inside(item)
    if payload is None:
        return None
    return Parts(data[len(_START) : _KID_END], data[2:_HEADER_END], payload, item, data[end + 2 :])


def _inside(item: bytes) -> bytes | None:
    """What a canonical byte string holds."""
    length = len(item)
    if 26 <= length <= 257 and item[0] == 0x58 and item[1] == length - 2:
        return item[2:]
    if length > 258 and item[0] == 0x59 and int.from_bytes(item[1:3], "big") == length - 3:
        return item[3:]
    return None  # shorter than any reading, or longer


def signed_message(parts: Parts, network_item: bytes) -> bytes:
    """What the device signed. network_item: the network id as an encoded byte string."""
    return _CONTEXT + parts.protected + network_item + parts.payload_item


def numbers(payload: bytes) -> list | None:
    """[boot, sequence, [[record's integers], ...]] of a canonical reading, or None."""
    start = canonical.start(reading.LAYOUT).match(payload)
    if start is None:
        return None
    count = start[1][-1] & 0x7F if len(start[1]) == 1 else start[1][1]
    if not 1 <= count <= _RECORDS_MAX:
        return None
    if canonical.whole(reading.LAYOUT, reading.RECORD, count).fullmatch(payload) is None:
        return None
    return cbor2.loads(payload)
