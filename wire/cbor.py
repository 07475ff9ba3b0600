"""
Deterministic CBOR (RFC 8949, 4.2.1) in the subset Gridtide signs: integers, byte
strings, arrays, maps with integer keys, tag 18. No floats, no text, no null.

`decode` takes untrusted bytes: it refuses whatever `encode` would not have written.
"""

from .errors import WireError

DEPTH_MAX = 6
TAG_SIGN1 = 18  # RFC 9052, 2: the one tag that is taken
_UINT, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 0, 1, 2, 3, 4, 5, 6, 7
_INDEFINITE = 31
_MAY_BE_INDEFINITE = (_BYTES, _TEXT, _ARRAY, _MAP, _SIMPLE)  # in major 7 it is a stray "break"


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


def octets_head(length):
    """What stands before a byte string of this length."""
    return _head(_BYTES, length)


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
    parts: list = []
    _write(item, parts)
    return b"".join(parts)


# The heads that carry a number in the next 1, 2, 4 or 8 bytes: how many, and the least number that needs them.
_SIZES = {24: (1, 24), 25: (2, 0x100), 26: (4, 0x10000), 27: (8, 0x100000000)}
_WIDE_INTEGERS = {major << 5 | short: _SIZES[short] for short in _SIZES for major in (_UINT, _NEGATIVE)}


# (number, where it ends) of a head whose first byte is at `at`; RFC 8949, 3.
def _number(data, at):
    short = data[at] & 31
    at += 1
    if short < 24:
        return short, at
    if short not in _SIZES:
        indefinite = short == _INDEFINITE and data[at - 1] >> 5 in _MAY_BE_INDEFINITE
        raise WireError("indefinite_length" if indefinite else "forbidden_type")
    size, least = _SIZES[short]
    end = at + size
    if end > len(data):
        raise WireError("truncated")
    number = int.from_bytes(data[at:end], "big")
    if number < least:
        raise WireError("not_canonical")
    return number, end


# (item, where it ends) of the item that starts at `at`.
def _item(data, at, depth):
    if at >= len(data):
        raise WireError("truncated")
    first = data[at]
    if first < 24:
        return first, at + 1
    major = first >> 5
    if major == _SIMPLE and first & 31 != _INDEFINITE:
        raise WireError("forbidden_type")
    number, at = _number(data, at)
    if major == _UINT:
        return number, at
    if major == _NEGATIVE:
        return -1 - number, at
    if major == _BYTES:
        return _bytes(data, at, number)
    if major == _TEXT or (major == _TAG and number != TAG_SIGN1):
        raise WireError("forbidden_type")
    if depth == 0:
        raise WireError("too_deep")
    if major == _TAG:
        item, at = _item(data, at, depth - 1)
        return Tagged(number, item), at
    # Each item has at least one byte: a length beyond the data is a lie, found before memory is spent on it.
    if number > len(data) - at:
        raise WireError("truncated")
    if major == _ARRAY:
        return _array(data, at, number, depth - 1)
    return _map(data, at, number, depth - 1)


def _bytes(data, at, length):
    end = at + length
    if end > len(data):
        raise WireError("truncated")
    return bytes(data[at:end]), end


# Integers are most of what is sent: they are read here, without a call. Whatever is wrong with one, `_item` names.
def _array(data, at, count, depth):
    items: list = []
    end = len(data)
    while len(items) < count:
        first = data[at] if at < end else _SIMPLE << 5
        if first < 24:
            items.append(first)
            at += 1
            continue
        if first in _WIDE_INTEGERS:
            size, least = _WIDE_INTEGERS[first]
            after = at + 1 + size
            number = int.from_bytes(data[at + 1 : after], "big")
            if least <= number and after <= end:
                items.append(number if first < 0x20 else -1 - number)
                at = after
                continue
        item, at = _item(data, at, depth)
        items.append(item)
    return items, at


def _map(data, at, count, depth):
    result = {}
    before = b""
    for _ in range(count):
        start = at
        key, at = _item(data, at, depth)
        if not isinstance(key, int):
            raise WireError("forbidden_type")
        if key in result:
            raise WireError("duplicate_key")
        encoded = bytes(data[start:at])
        if encoded < before:
            raise WireError("not_canonical")
        before = encoded
        result[key], at = _item(data, at, depth)
    return result, at


def decode(data, size_max, depth_max=DEPTH_MAX):
    """
    The item that `data` (bytes, untrusted) encodes.

    Raises WireError: too_large, too_deep, truncated, trailing_bytes, not_canonical,
    indefinite_length, duplicate_key, forbidden_type.
    """
    if len(data) > size_max:
        raise WireError("too_large")
    item, end = _item(data, 0, depth_max)
    if end != len(data):
        raise WireError("trailing_bytes")
    return item
