"""
What a message's array holds, as a table: a field is a name and a type, a type is
one of the tuples below. `check` turns a decoded array into the message's namedtuple
or raises a WireError; `plain` is the way back.

The order of the fields is the wire order: append, never reorder.
"""

from collections import namedtuple

from .errors import WireError


def integer(low, high):
    """A whole number, low <= number <= high."""
    return ("integer", low, high)


def octets(low, high=None):
    """A byte string of low to high bytes (exactly low, when high is left out)."""
    return ("octets", low, low if high is None else high)


def listing(item, low, high):
    """An array of low to high items of one type."""
    return ("listing", low, high, item)


def record(layout):
    """A message inside a message."""
    return ("record", layout)


U8 = integer(0, 0xFF)
U16 = integer(0, 0xFFFF)
U32 = integer(0, 0xFFFFFFFF)
U48 = integer(0, (1 << 48) - 1)
I32 = integer(-(1 << 31), (1 << 31) - 1)
I63 = integer(-(1 << 62), (1 << 62) - 1)
U62 = integer(0, (1 << 62) - 1)
UTC_S = integer(0, (1 << 34) - 1)
ID = octets(8)
HASH = octets(32)


def _tuple_class(name, names):
    return namedtuple(name, names)


# Names and types lie apart: a pair of each field took a device 2 KB.
class Layout:
    """The fields of one message, given as ((name, type), ...): `cls` is its namedtuple."""

    def __init__(self, name, fields):
        self.name = name
        self.names = tuple([field for field, _ in fields])
        self.kinds = tuple([kind for _, kind in fields])
        self.cls = _tuple_class(name, self.names)

    @property
    def fields(self):
        """((name, type), ...)."""
        return tuple(zip(self.names, self.kinds))


def _check(kind, value, name):
    what = kind[0]
    if what == "record":
        return check(kind[1], value)
    if what == "integer":
        if not isinstance(value, int) or isinstance(value, bool):
            raise WireError("wrong_type", name)
        if not kind[1] <= value <= kind[2]:
            raise WireError("out_of_range", name)
        return value
    if not isinstance(value, bytes if what == "octets" else (list, tuple)):
        raise WireError("wrong_type", name)
    if not kind[1] <= len(value) <= kind[2]:
        raise WireError("wrong_length", name)
    if what == "octets":
        return value
    return tuple([_check(kind[3], item, name) for item in value])


def check(layout, array):
    """
    The namedtuple of `layout` that `array` (as decoded from CBOR) holds.

    Raises WireError: wrong_type, wrong_length, out_of_range; the detail names the field.
    """
    if not isinstance(array, (list, tuple)):
        raise WireError("wrong_type", layout.name)
    if len(array) != len(layout.kinds):
        raise WireError("wrong_length", layout.name)
    values = []
    for name, kind, value in zip(layout.names, layout.kinds, array):
        # Most are integers within their limits: those need no call.
        if kind[0] == "integer" and type(value) is int and kind[1] <= value <= kind[2]:
            values.append(value)
        else:
            values.append(_check(kind, value, name))
    return layout.cls(*values)


def plain(value):
    """`value` (a namedtuple of a layout) as nested lists, ready for `cbor.encode`."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value
