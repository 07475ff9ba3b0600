"""
The quick way through the bytes of readings and bundles, for the many that are as they
should be. It accepts only what `wire.message` accepts, and gives the same values; all
else is None here and takes the slow way, which names the fault.
"""

import re
from functools import cache

import cbor2

from wire import bundle, cbor, kind, reading

from . import canonical

_START = b"\xd2\x84\x51\xa3\x01\x27\x04\x48"  # tag 18, [<<{alg: EdDSA, kid: 8 bytes ...
_PROTECTED_END = b"\x10" + cbor.encode(kind.READING)  # ... typ: Reading}>>,
_KID_END = len(_START) + 8
_HEADER_END = _KID_END + len(_PROTECTED_END)
_SIGNATURE_HEAD = b"\x58\x40"
_CONTEXT = b"\x84\x6aSignature1"  # RFC 9052, 4.4
_RECORDS_MAX, _READINGS_MAX = 60, 64
_ONE_RECORD = canonical.whole(reading.LAYOUT, reading.RECORD, 1)  # as meters send them
_BEFORE_READINGS = canonical.start(bundle.LAYOUT)
_BEFORE_RECORDS = canonical.start(reading.LAYOUT)
_LENGTH_MIN = _HEADER_END + 1 + 26 + 66  # no reading is shorter


# A reading's envelope, cut up and not verified yet: (device_id, protected, payload, payload item, signature).
# An item is an encoded byte string, head and all.
Parts = tuple[bytes, bytes, bytes, bytes, bytes]


def cut(data: bytes) -> Parts | None:
    """The parts of a signed reading, or None when these bytes must take the slow way."""
    end = len(data) - 66
    if not _LENGTH_MIN <= len(data) <= reading.SIZE_MAX:
        return None
    if not (data.startswith(_START) and data[_KID_END:_HEADER_END] == _PROTECTED_END):
        return None
    if data[_HEADER_END] != 0xA0 or data[end : end + 2] != _SIGNATURE_HEAD:
        return None
    item = data[_HEADER_END + 1 : end]
    length = len(item)
    if length <= 257 and item[0] == 0x58 and item[1] == length - 2:
        payload = item[2:]
    elif length > 258 and item[0] == 0x59 and int.from_bytes(item[1:3], "big") == length - 3:
        payload = item[3:]
    else:
        return None
    return data[len(_START) : _KID_END], data[2:_HEADER_END], payload, item, data[end + 2 :]


def signed_message(protected_item: bytes, network_item: bytes, payload_item: bytes) -> bytes:
    """What the device signed, of three encoded byte strings."""
    return _CONTEXT + protected_item + network_item + payload_item


def readings_of(payload: bytes) -> list[bytes] | None:
    """The readings in a canonical bundle, as signed, or None."""
    start = _BEFORE_READINGS.match(payload)
    if start is None:
        return None
    count = _count(start[1])
    at, size = start.end(), len(payload)
    found: list[bytes] = []
    while at + 3 < size and len(found) < count:
        if payload[at] == 0x58:
            begin, length = at + 2, payload[at + 1]
        elif payload[at] == 0x59:
            begin, length = at + 3, payload[at + 1] << 8 | payload[at + 2]
        else:
            return None
        if length < (24 if begin - at == 2 else 256) or length > reading.SIZE_MAX:
            return None
        at = begin + length
        found.append(payload[begin:at])
    return found if at == size and len(found) == count <= _READINGS_MAX else None


def _count(head: bytes) -> int:
    return head[0] & 0x1F if len(head) == 1 else head[1]


def numbers(payload: bytes) -> list | None:
    """[boot, sequence, [[record's integers], ...]] of a canonical reading, or None."""
    if _ONE_RECORD.fullmatch(payload) is not None:
        return cbor2.loads(payload)
    start = _BEFORE_RECORDS.match(payload)
    if start is None:
        return None
    count = _count(start[1])
    if count > _RECORDS_MAX or _whole(count).fullmatch(payload) is None:
        return None
    return cbor2.loads(payload)


@cache
def _whole(count: int) -> re.Pattern[bytes]:
    return canonical.whole(reading.LAYOUT, reading.RECORD, count)
