"""
The native functions in a .mpy file, as mpy-cross made them.

Source: MicroPython 1.25, py/persistentcode.c, .mpy version 6.
"""

_BYTECODE, _NATIVE_PY, _VIPER, _ASM = 0, 1, 2, 3
_STRING, _BYTES, _TUPLE = 5, 6, 10


class _Reader:
    def __init__(self, data: bytes):
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self) -> int:
        value = 0
        while True:
            (byte,) = self.take(1)
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value


def viper_functions(mpy: bytes) -> list[bytes]:
    """The machine code of each viper function, in the order of the source."""
    reader = _Reader(mpy)
    assert reader.take(2) == b"M\x06", "not .mpy version 6"
    reader.take(2)  # architecture, small-int bits
    names, objects = reader.number(), reader.number()
    for _ in range(names):
        length = reader.number()
        if not length & 1:
            reader.take((length >> 1) + 1)
    for _ in range(objects):
        _skip_object(reader)
    found: list[bytes] = []
    _read_code(reader, found)
    return found


def _skip_object(reader: _Reader) -> None:
    (kind,) = reader.take(1)
    if kind < _STRING:
        return  # None, True and the like: the kind is all
    length = reader.number()
    if kind == _TUPLE:
        for _ in range(length):
            _skip_object(reader)
    else:
        reader.take(length + (1 if kind in (_STRING, _BYTES) else 0))


def _read_code(reader: _Reader, found: list[bytes]) -> None:
    head = reader.number()
    kind, has_children, code = head & 3, head & 4, reader.take(head >> 3)
    if kind == _VIPER:
        found.append(code)
    if kind != _BYTECODE:
        reader.number()  # where the prelude is, or the scope's flags
    if kind == _ASM:
        reader.number(), reader.number()
    for _ in range(reader.number() if has_children else 0):
        _read_code(reader, found)
