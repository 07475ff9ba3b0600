"""
Multiples of points of edwards25519 (RFC 8032, 5.1), by comb tables, as programs for a
field machine (`crypto_field`): native code where there is a machine for this processor's words.

A comb (Lim and Lee; with signs as Hamburg has it) writes an odd number < 2**256 as a sum of
+-2**i, cuts it into four rows of 64 signs and looks a column of four up at a time: eight
points, computed once for a key, turn 256 doublings into 64. The base point has four tables, 16
columns apart, and 16 doublings; they are constants (`crypto_base`), so they take flash and no heap.

Memory: 1 KB of registers, and for each key a table of 1,152 bytes.
"""

# A viper function takes any buffer where it says ptr8 or ptr32; the stubs do not know that.
# pyright: reportArgumentType=false

import sys

from crypto_base import TABLES

try:
    if sys.maxsize >> 32:
        import crypto_field_64 as field
    else:
        import crypto_field_32 as field
    import crypto_comb as comb
except (ImportError, SyntaxError):  # no viper, or not for this processor
    import crypto_comb_plain as comb
    import crypto_field as field

P = (1 << 255) - 19
_CURVE_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555
_ROOT_MINUS_1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752
_COLUMNS = 64
_PARTS = 4  # tables of the base point
_PART_COLUMNS = 16
_ALL_SIGNS = (1 << 256) - 1
_NUMBER = 32  # bytes
_PLUS = 8  # of a column's digit: its entry is added; without it the entry 7 - digit is taken away
# Bytes of an entry and of a table, of the base point and of a key.
_BASE_ENTRY = 96
_BASE_TABLE = 768
_ENTRY = 128
_TABLE = 1024  # then the point itself, as a ninth entry

# The registers of the programs below. A point is X, Y, Z and W: x = X/Z, y = Y/Z, x*y = W/Z. An entry of a table is
# P = y-x, Q = y+x and R = 2*d*x*y, each times z, and S = 2*z; the base point's entries have z = 1, and no S. O is 0,
# I is 1, D is 2*d; J to M are a second point.
_D = 3
_I = 8
_J = 9
_P = 15
_W = 22
_X = 23
_Y = 24
_Z = 25
_COUNT = 26

# Hisil, Wong, Carter and Dawson 2008, 3.3, for a = -1, in an order that keeps the units low (`crypto_field_64`). The
# last instruction is for W, which only an addition needs.
_DOUBLE = b"^AX\1^BY\1+CXY^CC\1+HAB-EHC-GAB^CZ\1+CCC+FCG*XEF*YGH*ZFG*WEH"
# The same, 3.1: adds an entry, of the base point or of a key, or takes it away.
_ADD_BASE = b"-AYX*AAP+BYX*BBQ*CWR+NZZ-EBA-FNC+GNC+HBA*XEF*YGH*ZFG*WEH"
_ADD_KEY = b"-AYX*AAP+BYX*BBQ*CWR*NZS-EBA-FNC+GNC+HBA*XEF*YGH*ZFG*WEH"
_TAKE_BASE = b"-AYX*AAQ+BYX*BBP*CWR+NZZ-EBA-GNC+FNC+HBA*XEF*YGH*ZFG*WEH"
_TAKE_KEY = b"-AYX*AAQ+BYX*BBP*CWR*NZS-EBA-GNC+FNC+HBA*XEF*YGH*ZFG*WEH"
_ALL = 14  # instructions of these
_IDENTITY = b"+XOO+YOI+ZOI+WOO"
# The point as an entry.
_MAKE_ENTRY = b"-AYX*PAI+AYX*QAI*RWD+AZZ*SAI"
# C becomes Z to the 2**250 - 1, A Z to the 11; then Z becomes Z to the (P - 5) / 8.
_ROOT_POWER = (
    b"^AZ\1^BA\2*BBZ*AAB^CA\1*BBC^CB\5*BCB^CB\x0a*CCB^EC\x14*CEC^CC\x0a*BCB^CB\x32*CCB^EC\x64*CEC^CC\x32*CCB^CC\2*ZCZ"
)
# The same beginning; then X = x, Y = y.
_AFFINE = (
    b"^AZ\1^BA\2*BBZ*AAB^CA\1*BBC^CB\5*BCB^CB\x0a*CCB^EC\x14*CEC^CC\x0a*BCB^CB\x32*CCB^EC\x64*CEC^CC\x32*CCB"
    b"^CC\5*CCA*XXC*YYC"
)

_registers = field.new(_COUNT)
_LIMBS = len(_registers) // _COUNT
_digits = bytearray(_COLUMNS)
_key_digits = bytearray(_COLUMNS)
_entry = bytearray(_BASE_ENTRY + 4)


def _run(program):
    field.run(program, len(program) >> 2, _registers)


def _put(register, number):
    field.load(_registers, register, 1, number.to_bytes(_NUMBER, "little"), 0)


def _get(register):
    octets = bytearray(_NUMBER)
    field.store(_registers, register, 1, octets, 0)
    return int.from_bytes(octets, "little") % P


# Adds the entry for a secret digit of the base point's table at `start`; `count` instructions of it.
def _add_secret(start, digit, count):
    comb.take(0, 0, TABLES, _entry, TABLES, start, digit)
    field.load(_registers, _P, 3, _entry, 0)
    field.run(_ADD_BASE, count, _registers)


# The same for a digit that everybody may know.
def _add_base(start, digit, count):
    entry = digit - _PLUS if digit & _PLUS else 7 - digit
    field.load(_registers, _P, 3, TABLES, start + _BASE_ENTRY * entry)
    field.run(_ADD_BASE if digit & _PLUS else _TAKE_BASE, count, _registers)


# The same of a key's table.
def _add_key(table, start, digit, count):
    entry = digit - _PLUS if digit & _PLUS else 7 - digit
    field.load(_registers, _P, 4, table, start + _ENTRY * entry)
    field.run(_ADD_KEY if digit & _PLUS else _TAKE_KEY, count, _registers)


# -- a key's table ------------------------------------------------------------------------------


# RFC 8032, 5.1.3: x for a canonical y, or None when it is not on the curve.
def _x_of(y, sign):
    u, v = (y * y - 1) % P, (_CURVE_D * y * y + 1) % P
    u_v3 = u * v * v % P * v % P
    _put(_Z, u_v3 * v % P * v % P * v % P * v % P)
    _run(_ROOT_POWER)
    x = u_v3 * _get(_Z) % P
    remainder = v * x * x % P
    if remainder != u:
        if remainder != P - u:
            return None
        x = x * _ROOT_MINUS_1 % P
    return P - x if x & 1 != sign else x


# The point at hand as an entry, written to `octets[start:]`.
def _keep(octets, start):
    _run(_MAKE_ENTRY)
    field.store(_registers, _P, 4, octets, start)


# The point at hand and the other one change places.
def _swap():
    hand, other, size = _LIMBS * _W, _LIMBS * _J, 4 * _LIMBS
    point = _registers[hand : hand + size]
    _registers[hand : hand + size] = _registers[other : other + size]
    _registers[other : other + size] = point


# The rows R0 to R3 are the point times 2**0, 2**64, 2**128, 2**192. Entry 0 is R3 - R2 - R1 - R0, and each of
# the others one more than a known one, by 2*R0, 2*R1 or 2*R2: a Gray code. While the rows are made, the other point is
# the sum.
def _make_table():
    table, doubles = bytearray(_TABLE + _ENTRY), bytearray(3 * _ENTRY)
    _keep(table, _TABLE)
    for row in range(4):
        _keep(table, 0)
        _swap()
        if row == 0:
            _run(_IDENTITY)
        _add_key(table, 0, _PLUS if row == 3 else _PLUS - 1, _ALL)
        if row < 3:
            _swap()
            _run(_DOUBLE)
            _keep(doubles, row * _ENTRY)
            for _ in range(_COLUMNS - 2):
                field.run(_DOUBLE, _ALL - 1, _registers)
            _run(_DOUBLE)
    _keep(table, 0)
    for i in range(1, 8):
        row = (i & -i) >> 1  # 1, 2, 4 to 0, 1, 2
        number = i ^ i >> 1
        _add_key(doubles, row * _ENTRY, _PLUS if number & i & -i else _PLUS - 1, _ALL)
        _keep(table, number * _ENTRY)
    return table


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
    for register, number in ((_X, P - x), (_Y, y), (_Z, 1), (_W, (P - x) * y % P)):
        _put(register, number)
    return _make_table()


# -- multiples ----------------------------------------------------------------------------------


# The columns of signs of an odd number: bit 1 is plus, bit 0 is minus.
def _read(number, digits):
    comb.read_columns(((number + _ALL_SIGNS) >> 1).to_bytes(_NUMBER, "little"), digits)


# One column of each of the base point's tables; a doubling comes next.
def _add_column(column, add):
    for part in range(_PARTS):
        count = _ALL if part < _PARTS - 1 else _ALL - 1
        add(_BASE_TABLE * part, _digits[_PART_COLUMNS * part + column], count)


def _result():
    _run(_AFFINE)
    return (_get(_Y) | (_get(_X) & 1) << 255).to_bytes(_NUMBER, "little")


def multiply_base(number):
    """`number` (odd, < 2**256, secret) times the base point, as 32 bytes."""
    _read(number, _digits)
    _run(_IDENTITY)
    for column in range(_PART_COLUMNS - 1, -1, -1):
        _run(_DOUBLE)
        _add_column(column, _add_secret)
    return _result()


def multiply_sum(number, key_number, key_table):
    """
    `number` (odd) times the base point plus `key_number` (any) times the point of a table, as 32 bytes.

    Both are < 2**256, and known to everybody.
    """
    _read(number, _digits)
    _read(key_number | 1, _key_digits)
    _run(_IDENTITY)
    for column in range(_COLUMNS - 1, -1, -1):
        _run(_DOUBLE)
        _add_key(key_table, 0, _key_digits[column], _ALL - 1 if column >= _PART_COLUMNS else _ALL)
        if not column and not key_number & 1:
            _add_key(key_table, _TABLE, _PLUS - 1, _ALL)
        if column < _PART_COLUMNS:
            _add_column(column, _add_base)
    return _result()


_put(_I, 1)
_put(_D, 2 * _CURVE_D % P)
