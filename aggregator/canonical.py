"""
A wire layout as a regular expression over bytes: what matches is exactly the one
deterministic encoding of a message with every integer inside its limits. Type, range and
canonical form of a thousand integers are then one call into C; this is what makes many
records under one signature cheap.

CBOR says a list's length in its head, so there is one pattern for each length.
"""

import re
from functools import cache

from wire.schema import Layout

_ANY = rb"[\x00-\xff]"


def _byte(low: int, high: int) -> bytes:
    return b"[\\x%02x-\\x%02x]" % (low, high)


def _big_endian(low: int, high: int, size: int) -> bytes:
    """Numbers low..high written in `size` bytes, most significant first."""
    if size == 0:
        return b""
    unit = 256 ** (size - 1)
    first, last = low // unit, high // unit
    if first == last:
        return _byte(first, first) + _big_endian(low % unit, high % unit, size - 1)
    choices = []
    if low % unit:
        choices.append(_byte(first, first) + _big_endian(low % unit, unit - 1, size - 1))
        first += 1
    if high % unit != unit - 1:
        choices.append(_byte(last, last) + _big_endian(0, high % unit, size - 1))
        last -= 1
    if first <= last:
        choices.append(_byte(first, last) + _ANY * (size - 1))
    return b"(?>" + b"|".join(choices) + b")"


def _natural(low: int, high: int, major: int) -> list[bytes]:
    """The heads of `major` with arguments low..high, each in its shortest form."""
    choices = []
    if low < 24:
        choices.append(_byte(major << 5 | low, major << 5 | min(high, 23)))
    for short, (least, size) in enumerate(((24, 1), (1 << 8, 2), (1 << 16, 4), (1 << 32, 8)), start=24):
        start, end = max(low, least), min(high, 256**size - 1)
        if start <= end:
            choices.append(_byte(major << 5 | short, major << 5 | short) + _big_endian(start, end, size))
    return choices


def integer(low: int, high: int) -> bytes:
    """The pattern of one integer, low <= number <= high."""
    choices = _natural(max(low, 0), high, 0) if high >= 0 else []
    if low < 0:
        choices += _natural(-1 - min(high, -1), -1 - low, 1)
    return b"(?>" + b"|".join(choices) + b")"


def array_head(count: int) -> bytes:
    """The pattern of the head of an array of `count` (< 256) items."""
    return re.escape(bytes((0x80 | count,)) if count < 24 else bytes((0x98, count)))


@cache
def record(layout: Layout) -> bytes:
    """The pattern of a message whose fields are all integers."""
    return array_head(len(layout.fields)) + b"".join(integer(kind[1], kind[2]) for _, kind in layout.fields)


def start(layout: Layout) -> re.Pattern[bytes]:
    """What stands before the list that ends `layout`; group 1 is the head of that list, which is not empty."""
    numbers = b"".join(integer(kind[1], kind[2]) for _, kind in layout.fields[:-1])
    return re.compile(array_head(len(layout.fields)) + numbers + rb"([\x81-\x97]|\x98[\x18-\xff])")


def whole(layout: Layout, item: Layout, count: int) -> re.Pattern[bytes]:
    """A message whose last field is a list of `count` records of layout `item`, all other fields integers."""
    numbers = b"".join(integer(kind[1], kind[2]) for _, kind in layout.fields[:-1])
    records = b"(?:" + record(item) + b"){%d}" % count
    return re.compile(array_head(len(layout.fields)) + numbers + array_head(count) + records)
