"""
As much of Protocol Buffers as ABCI needs: varints, byte strings and messages, each message a table of fields.

A field left out has its default and a default is left out, as proto3 has it; fields that no table names are skipped.
Bytes from a socket are untrusted: whatever is wrong with them is a ProtobufError.
"""

from collections import namedtuple
from typing import Any, NamedTuple

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MASK64 = (1 << 64) - 1

# What a field holds; a Message stands for itself.
INT, UINT, BYTES, STRING = "int", "uint", "bytes", "string"
_DEFAULTS: dict[Any, Any] = {INT: 0, UINT: 0, BYTES: b"", STRING: ""}


class ProtobufError(Exception):
    """These bytes are not the message they should be."""


class Field(NamedTuple):
    number: int
    name: str
    kind: Any  # INT, UINT, BYTES, STRING or a Message
    is_repeated: bool = False


def _tuple_class(name: str, names: list[str], defaults: tuple[Any, ...]) -> Any:
    return namedtuple(name, names, defaults=defaults)


class Message:
    """One message type: `cls` is its namedtuple, with a default for every field (None for an absent message)."""

    def __init__(self, name: str, *fields: Field) -> None:
        self.name = name
        self.fields = fields
        self.defaults = tuple(() if field.is_repeated else _DEFAULTS.get(field.kind) for field in fields)
        self.columns = tuple(zip(fields, self.defaults, strict=True))
        self.cls = _tuple_class(name, [field.name for field in fields], self.defaults)
        self.places = {field.number: place for place, field in enumerate(fields)}

    def __call__(self, *values: Any, **named: Any) -> Any:
        return self.cls(*values, **named)


def varint(number: int) -> bytes:
    """Unsigned, up to 64 bits; a negative number in two's complement of 64 bits."""
    number &= _MASK64
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """(number, where it ends). Raises ProtobufError; an IndexError says that `data` ends within it."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & _MASK64, at
        shift += 7
        if shift > 63:
            raise ProtobufError("a varint of more than ten bytes")


def encode(message: Message, values: Any) -> bytes:
    """`values` is the message's namedtuple."""
    out: list[bytes] = []
    for (field, default), value in zip(message.columns, values, strict=True):
        if value == default and not (isinstance(field.kind, Message) and value is not None):
            continue
        if field.is_repeated:
            out += _encode_all(field, value)
        else:
            out.append(_encode_field(field, value))
    return b"".join(out)


def _encode_all(field: Field, values: Any) -> list[bytes]:
    """Most of what is repeated is one and the same: thousands of results of transactions that went well."""
    out: list[bytes] = []
    last: Any = out
    for value in values:
        out.append(out[-1] if value is last else _encode_field(field, value))
        last = value
    return out


def _encode_field(field: Field, value: Any) -> bytes:
    if field.kind in (INT, UINT):
        return varint(field.number << 3 | _VARINT) + varint(value)
    if isinstance(field.kind, Message):
        content = encode(field.kind, value)
    else:
        content = value.encode() if field.kind == STRING else value
    return varint(field.number << 3 | _LENGTH) + varint(len(content)) + content


def decode(message: Message, data: bytes) -> Any:
    """The namedtuple that `data` holds. Raises ProtobufError."""
    values: list[Any] = [[] if field.is_repeated else default for field, default in message.columns]
    at = 0
    try:
        while at < len(data):
            key, at = read_varint(data, at)
            content, at = _read_value(data, at, key & 7)
            place = message.places.get(key >> 3)
            if place is not None:
                _put(values, place, message.fields[place], content)
    except (IndexError, UnicodeDecodeError) as error:
        raise ProtobufError(f"{message.name}: {error}") from error
    return message.cls(*[tuple(value) if type(value) is list else value for value in values])


def _read_value(data: bytes, at: int, wire_type: int) -> tuple[int | bytes, int]:
    if wire_type == _VARINT:
        return read_varint(data, at)
    if wire_type == _LENGTH:
        size, at = read_varint(data, at)
    elif wire_type in (_FIXED64, _FIXED32):
        size = 8 if wire_type == _FIXED64 else 4
    else:
        raise ProtobufError(f"there is no wire type {wire_type}")
    if at + size > len(data):
        raise ProtobufError("it ends within a field")
    return data[at : at + size], at + size


def _put(values: list[Any], place: int, field: Field, content: int | bytes) -> None:
    """A field that is not repeated and comes twice has the last value."""
    if isinstance(content, int) != (field.kind in (INT, UINT)):
        raise ProtobufError(f"{field.name} is of another wire type")
    value: Any = content
    if isinstance(field.kind, Message):
        value = decode(field.kind, value)
    elif field.kind == STRING:
        value = value.decode()
    elif field.kind == INT and value >> 63:
        value -= 1 << 64
    if field.is_repeated:
        values[place].append(value)
    else:
        values[place] = value
