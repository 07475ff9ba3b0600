"""
Multiples of points of edwards25519 (RFC 8032, 5.1), by comb tables, as programs for a
field machine (`crypto_field`): native code where there is a machine for this processor's words.

A comb (Lim and Lee; with signs as Hamburg has it) writes an odd number < 2**260 as a sum of
+-2**i, cuts it into five rows of 52 signs and looks a column of five up at a time: sixteen
points, computed once for a key, turn 256 doublings into 52. The base point has two
tables, 26 columns apart, and 26 doublings.

Memory on 64-bit words: 6.5 KB of registers, the base point's tables among them, and 2 KB for
each key's table. On 32-bit words the same, in half-words.
"""

# A viper function takes any buffer where it says ptr8 or ptr32; the stubs do not know that.
# pyright: reportArgumentType=false

import sys

import crypto_field as field
from crypto_field import ADD, ENTRY, MULTIPLY, SQUARE, SUBTRACT, P

_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555
_ROOT_MINUS_1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
_COLUMNS = 52
_HALF = 26
_ALL_SIGNS = (1 << 260) - 1


def _plain_read_columns(signs, columns):
    number = int.from_bytes(signs, "little")
    rows = [number >> (_COLUMNS * row) & ((1 << _COLUMNS) - 1) for row in range(5)]
    for column in range(_COLUMNS):
        digit = 0
        for row in range(5):
            digit |= (rows[row] >> column & 1) << row
        columns[column] = digit


read_columns = _plain_read_columns
try:
    if sys.maxsize >> 32:
        import crypto_field_64 as field
    else:
        import crypto_field_32 as field
    from crypto_columns import read_columns
except (ImportError, SyntaxError):  # no viper, or not for this processor
    pass

# The registers. A point is X, Y, Z, T: x = X/Z, y = Y/Z, x*y = T/Z. A table's entry is y-x, y+x, 2*d*x*y.
_X, _Y, _Z, _T = 0, 1, 2, 3
_A, _B, _C, _E, _F, _G, _H, _R = 4, 5, 6, 7, 8, 9, 10, 11
_ZERO, _ONE, _2D = 12, 13, 14
_LOW = 15  # the base point's tables
_HIGH = _LOW + 16 * 3
_KEY = _HIGH + 16 * 3  # a key's table
_ROWS = _KEY + 16 * 3  # the five rows a table is made of; the first is the point itself
_COUNT = _ROWS + 5 * 3
_KEY_FROM, _KEY_TO = _KEY * field.WORDS, (_ROWS + 3) * field.WORDS


def _program(*instructions):
    return bytes([len(instructions)]) + bytes([byte for instruction in instructions for byte in instruction])


# Hisil, Wong, Carter and Dawson 2008, 3.3, for a = -1, in an order that keeps the units low (`crypto_field_64`).
_DOUBLE = _program(
    (MULTIPLY, _A, _X, _X),
    (MULTIPLY, _B, _Y, _Y),
    (ADD, _C, _X, _Y),
    (MULTIPLY, _C, _C, _C),
    (ADD, _H, _A, _B),
    (SUBTRACT, _E, _H, _C),
    (SUBTRACT, _G, _A, _B),
    (MULTIPLY, _C, _Z, _Z),
    (ADD, _C, _C, _C),
    (ADD, _F, _C, _G),
    (MULTIPLY, _X, _E, _F),
    (MULTIPLY, _Y, _G, _H),
    (MULTIPLY, _Z, _F, _G),
    (MULTIPLY, _T, _E, _H),
)


# The same, 3.1: adds a table's entry, or takes it away.
def _addition(minus, plus, f, g):
    return _program(
        (SUBTRACT, _A, _Y, _X),
        (MULTIPLY, _A, _A, minus),
        (ADD, _B, _Y, _X),
        (MULTIPLY, _B, _B, plus),
        (MULTIPLY, _C, _T, ENTRY + 2),
        (ADD, _R, _Z, _Z),
        (SUBTRACT, _E, _B, _A),
        (SUBTRACT, f, _R, _C),
        (ADD, g, _R, _C),
        (ADD, _H, _B, _A),
        (MULTIPLY, _X, _E, _F),
        (MULTIPLY, _Y, _G, _H),
        (MULTIPLY, _Z, _F, _G),
        (MULTIPLY, _T, _E, _H),
    )


_ADD = _addition(ENTRY, ENTRY + 1, _F, _G)
_TAKE_AWAY = _addition(ENTRY + 1, ENTRY, _G, _F)
_IDENTITY = _program((ADD, _X, _ZERO, _ZERO), (ADD, _Y, _ZERO, _ONE), (ADD, _Z, _ZERO, _ONE), (ADD, _T, _ZERO, _ZERO))

# Z to the 2**250 - 1, in C; Z to the 11, in A.
_POWER_250 = (
    (SQUARE, _A, _Z, 1),
    (SQUARE, _B, _A, 2),
    (MULTIPLY, _B, _B, _Z),
    (MULTIPLY, _A, _A, _B),
    (SQUARE, _C, _A, 1),
    (MULTIPLY, _B, _B, _C),
    (SQUARE, _C, _B, 5),
    (MULTIPLY, _B, _C, _B),
    (SQUARE, _C, _B, 10),
    (MULTIPLY, _C, _C, _B),
    (SQUARE, _E, _C, 20),
    (MULTIPLY, _C, _E, _C),
    (SQUARE, _C, _C, 10),
    (MULTIPLY, _B, _C, _B),
    (SQUARE, _C, _B, 50),
    (MULTIPLY, _C, _C, _B),
    (SQUARE, _E, _C, 100),
    (MULTIPLY, _C, _E, _C),
    (SQUARE, _C, _C, 50),
    (MULTIPLY, _C, _C, _B),
)
# Z becomes Z to the (P - 5) / 8.
_ROOT_POWER = _program(*_POWER_250, (SQUARE, _C, _C, 2), (MULTIPLY, _Z, _C, _Z))
# Z becomes 1: X = x, Y = y.
_AFFINE = _program(
    *_POWER_250,
    (SQUARE, _C, _C, 5),
    (MULTIPLY, _C, _C, _A),
    (MULTIPLY, _X, _X, _C),
    (MULTIPLY, _Y, _Y, _C),
    (MULTIPLY, _Z, _ONE, _ONE),
    (MULTIPLY, _T, _X, _Y),
)
# The point, once affine, as an entry.
_STORE = _program(
    (SUBTRACT, _A, _Y, _X),
    (MULTIPLY, ENTRY, _A, _ONE),
    (ADD, _A, _Y, _X),
    (MULTIPLY, ENTRY + 1, _A, _ONE),
    (MULTIPLY, ENTRY + 2, _T, _2D),
)

_registers = field.new(_COUNT)
_digits = bytearray(_COLUMNS)
_key_digits = bytearray(_COLUMNS)


# Registers X, Y, Z, T, made affine, as the entry at register `entry`.
def _store(entry):
    field.run(_AFFINE, _registers, 0)
    field.run(_STORE, _registers, entry)


# Sixteen entries at register `table` for the point in X, Y, Z, T.
def _make_table(table):
    for row in range(5):
        _store(_ROWS + 3 * row)
        if row < 4:
            _double(_COLUMNS)
    for signs in range(16):
        field.run(_IDENTITY, _registers, 0)
        for row in range(5):
            plus = row == 4 or signs >> row & 1
            field.run(_ADD if plus else _TAKE_AWAY, _registers, _ROWS + 3 * row)
        _store(table + 3 * signs)


def _double(times):
    for _ in range(times):
        field.run(_DOUBLE, _registers, 0)


def _set_point(x, y):
    for register, number in ((_X, x), (_Y, y), (_Z, 1), (_T, x * y % P)):
        field.put(_registers, register, number)


def _prepare():
    field.put(_registers, _ONE, 1)
    field.put(_registers, _2D, 2 * _D % P)
    _set_point(_BASE_X, _BASE_Y)
    _make_table(_LOW)
    _set_point(_BASE_X, _BASE_Y)
    _double(_HALF)
    _make_table(_HIGH)


# RFC 8032, 5.1.3: x for a canonical y, or None when it is not on the curve.
def _x_of(y, sign):
    u, v = (y * y - 1) % P, (_D * y * y + 1) % P
    u_v3 = u * v * v % P * v % P
    field.put(_registers, _Z, u_v3 * v % P * v % P * v % P * v % P)
    field.run(_ROOT_POWER, _registers, 0)
    x = u_v3 * field.get(_registers, _Z) % P
    remainder = v * x * x % P
    if remainder != u:
        if remainder != P - u:
            return None
        x = x * _ROOT_MINUS_1 % P
    return P - x if x & 1 != sign else x


def table_of_minus(encoded):
    """
    The table of minus the point that 32 bytes stand for, or None: not canonical, or not on the curve.

    The points without an x but zero (y = 1, y = -1) must have been refused before.
    """
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    x = None if y >= P else _x_of(y, sign)
    if x is None:
        return None
    _set_point(P - x, y)
    _make_table(_KEY)
    return _registers[_KEY_FROM:_KEY_TO]


# The columns of signs of an odd number: bit 1 is plus, bit 0 is minus.
def _read(number, digits):
    read_columns(((number + _ALL_SIGNS) >> 1).to_bytes(33, "little"), digits)


def _add_column(table, digit):
    if digit & 16:
        field.run(_ADD, _registers, table + 3 * (digit & 15))
    else:
        field.run(_TAKE_AWAY, _registers, table + 3 * (digit ^ 15))


def _result():
    field.run(_AFFINE, _registers, 0)
    x, y = field.get(_registers, _X), field.get(_registers, _Y)
    return (y | (x & 1) << 255).to_bytes(32, "little")


def multiply_base(number):
    """`number` (odd, < 2**259) times the base point, as 32 bytes."""
    _read(number, _digits)
    field.run(_IDENTITY, _registers, 0)
    for column in range(_HALF - 1, -1, -1):
        field.run(_DOUBLE, _registers, 0)
        _add_column(_LOW, _digits[column])
        _add_column(_HIGH, _digits[column + _HALF])
    return _result()


def multiply_sum(number, key_number, key_table):
    """
    `number` (odd) times the base point plus `key_number` (any) times the point of a table, as 32 bytes.

    Both are < 2**259.
    """
    _registers[_KEY_FROM:_KEY_TO] = key_table
    _read(number, _digits)
    _read(key_number | 1, _key_digits)
    field.run(_IDENTITY, _registers, 0)
    for column in range(_COLUMNS - 1, -1, -1):
        field.run(_DOUBLE, _registers, 0)
        _add_column(_KEY, _key_digits[column])
        if column < _HALF:
            _add_column(_LOW, _digits[column])
            _add_column(_HIGH, _digits[column + _HALF])
    if not key_number & 1:
        field.run(_TAKE_AWAY, _registers, _ROWS)
    return _result()


_prepare()
