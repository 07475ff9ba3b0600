"""
Deterministic CBOR (RFC 8949, 4.2.1) in the subset Gridtide signs: integers, byte
strings, arrays, maps with integer keys, tag 18. No floats, no text, no null.

`decode` takes untrusted bytes: it refuses whatever `encode` would not have written.
"""

from .errors import WireError

DEPTH_MAX = 6
_UINT, _NEGATIVE, _BYTES, _ARRAY, _MAP, _TAG = 0, 1, 2, 4, 5, 6
_INDEFINITE = 31


class Tagged:
    """A tag number and the item it stands before (RFC 8949, 3.4)."""

    def __init__(self, tag, value):
        self.tag = tag
        self.value = value


def _head(major, number):
    major <<= 5
    if number < 24:
        return bytes((major | number,))
    if number < 0x100:
        return bytes((major | 24, number))
    if number < 0x10000:
        return bytes((major | 25, number >> 8, number & 0xFF))
    if number < 0x100000000:
        return bytes((major | 26,)) + number.to_bytes(4, "big")
    assert number < 1 << 64, "integers on the wire have at most 64 bits"
    return bytes((major | 27,)) + number.to_bytes(8, "big")


def _write(item, parts):
    if isinstance(item, int) and not isinstance(item, bool):
        parts.append(_head(_UINT, item) if item >= 0 else _head(_NEGATIVE, -1 - item))
    elif isinstance(item, (bytes, bytearray)):
        parts.append(_head(_BYTES, len(item)))
        parts.append(bytes(item))
    elif isinstance(item, (list, tuple)):
        parts.append(_head(_ARRAY, len(item)))
        for part in item:
            _write(part, parts)
    elif isinstance(item, dict):
        parts.append(_head(_MAP, len(item)))
        for key in sorted(item, key=encode):
            assert isinstance(key, int)
            _write(key, parts)
            _write(item[key], parts)
    elif isinstance(item, Tagged):
        parts.append(_head(_TAG, item.tag))
        _write(item.value, parts)
    else:
        raise AssertionError("not a type of the wire: " + str(type(item)))


def encode(item):
    """The one encoding of `item`, as bytes."""
    parts = []
    _write(item, parts)
    return b"".join(parts)


class _Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, length):
        end = self.at + length
        if end > len(self.data):
            raise WireError("truncated")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def head(self):
        first = self.take(1)[0]
        major, short = first >> 5, first & 31
        if short < 24:
            return major, short
        if short == _INDEFINITE and major in (_BYTES, 3, _ARRAY, _MAP, 7):
            raise WireError("indefinite_length")
        if short > 27 or major == 7:
            raise WireError("forbidden_type")
        size = 1 << (short - 24)
        number = int.from_bytes(self.take(size), "big")
        if number < (24, 0x100, 0x10000, 0x100000000)[short - 24]:
            raise WireError("not_canonical")
        return major, number

    def item(self, depth):
        major, number = self.head()
        if major == _UINT:
            return number
        if major == _NEGATIVE:
            return -1 - number
        if major == _BYTES:
            return bytes(self.take(number))
        if major not in (_ARRAY, _MAP, _TAG):
            raise WireError("forbidden_type")
        if depth == 0:
            raise WireError("too_deep")
        if major == _TAG:
            return Tagged(number, self.item(depth - 1))
        # Each item has at least one byte: a length beyond the data is a lie, found before memory is spent on it.
        if number > len(self.data) - self.at:
            raise WireError("truncated")
        if major == _ARRAY:
            return [self.item(depth - 1) for _ in range(number)]
        return self.map(number, depth - 1)

    def map(self, number, depth):
        result = {}
        before = None
        for _ in range(number):
            start = self.at
            key = self.item(depth)
            encoded = bytes(self.data[start : self.at])
            if not isinstance(key, int):
                raise WireError("forbidden_type")
            if key in result:
                raise WireError("duplicate_key")
            if before is not None and encoded < before:
                raise WireError("not_canonical")
            before = encoded
            result[key] = self.item(depth)
        return result


def decode(data, size_max, depth_max=DEPTH_MAX):
    """
    The item that `data` (bytes, untrusted) encodes.

    Raises WireError: too_large, too_deep, truncated, trailing_bytes, not_canonical,
    indefinite_length, duplicate_key, forbidden_type.
    """
    if len(data) > size_max:
        raise WireError("too_large")
    reader = _Reader(data)
    item = reader.item(depth_max)
    if reader.at != len(data):
        raise WireError("trailing_bytes")
    return item
