"""
Points of edwards25519 (RFC 8032, 5.1) in plain integers: sums of multiples of points,
by comb tables. The portable side of `ed25519`; where there is native code,
`crypto_curve_64` has the same functions.

A comb (Lim and Lee; signed as Hamburg does it) writes an odd number k < 2**260 as a sum
of +-2**i, cuts it into five rows of 52 signs and looks a column of five signs up at a
time: a table of 16 points turns 256 doublings into 52.

Not constant in time: big integers are not, on either interpreter.
"""

P = (1 << 255) - 19
_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555
_ROOT_MINUS_1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752
_ROWS, _COLUMNS = 5, 52
_ALL_ONES = (1 << (_ROWS * _COLUMNS)) - 1
_COLUMN_MASK = (1 << _COLUMNS) - 1

# A point is (X, Y, Z, T): x = X/Z, y = Y/Z, x*y = T/Z. A table's entry is (y-x, y+x, 2*d*x*y).
IDENTITY = (0, 1, 1, 0)


# RFC 8032, 5.1.4. Hisil, Wong, Carter and Dawson, 3.1 and 3.3, for a = -1.
def _add(p, entry):
    x, y, z, t = p
    minus, plus, product = entry
    a = (y - x) * minus % P
    b = (y + x) * plus % P
    c = t * product % P
    d = z + z
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(p):
    x, y, z, _ = p
    a = x * x % P
    b = y * y % P
    s = x + y
    h = a + b
    e = h - s * s % P
    g = a - b
    f = 2 * z * z % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _entry(x, y):
    return (y - x) % P, (y + x) % P, 2 * _D * x * y % P


def _negative(entry):
    return entry[1], entry[0], P - entry[2]


def _affine(p):
    inverse = pow(p[2], P - 2, P)
    return p[0] * inverse % P, p[1] * inverse % P


def _doubled(p, times):
    for _ in range(times):
        p = _double(p)
    return p


def decode(encoded):
    """The point that 32 bytes stand for (RFC 8032, 5.1.3), or None: not canonical, or not on the curve."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (_D * y * y + 1) % P
    v3 = v * v * v % P
    x = u * v3 * pow(u * v3 * v3 % P * v % P, (P - 5) // 8, P) % P
    remainder = v * x * x % P
    if remainder != u:
        if remainder != P - u:
            return None
        x = x * _ROOT_MINUS_1 % P
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode(p):
    """The 32 bytes of a point."""
    x, y = _affine(p)
    return (y | (x & 1) << 255).to_bytes(32, "little")


def has_small_order(p):
    """Whether eight times the point is the identity."""
    return _doubled(p, 3)[0] % P == 0


def comb(p):
    """The table of a point: sixteen entries, then the point itself as an entry."""
    rows = [p]
    for _ in range(_ROWS - 1):
        rows.append(_doubled(rows[-1], _COLUMNS))
    rows = [_affine(row) for row in rows]
    table = []
    for signs in range(16):
        total = rows[4] + (1, rows[4][0] * rows[4][1] % P)
        for row in range(4):
            entry = _entry(*rows[row])
            total = _add(total, entry if signs >> row & 1 else _negative(entry))
        table.append(_entry(*_affine(total)))
    table.append(_entry(*rows[0]))
    return table


def base_comb():
    """The comb of the base point, in two tables (the second is 2**26 times on) that halve the doublings."""
    x = 15112221349535400772501151409588531511454012693041857206046113283949847762202
    y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
    p = (x, y, 1, x * y % P)
    return comb(p), comb(_doubled(p, _COLUMNS // 2))


# The five rows of signs of an odd number: bit 1 is plus, bit 0 is minus.
def _rows(number):
    signs = (number + _ALL_ONES) >> 1
    return [signs >> (_COLUMNS * row) & _COLUMN_MASK for row in range(_ROWS)]


def _look_up(table, rows, column):
    a, b, c, d, e = rows
    index = a >> column & 1 | (b >> column & 1) << 1 | (c >> column & 1) << 2 | (d >> column & 1) << 3
    if e >> column & 1:
        return table[index]
    return _negative(table[index ^ 15])


def multiply_base(number, base):
    """`number` (odd, < 2**260) times the base point. base: of `base_comb`."""
    low, high = base
    rows = _rows(number)
    total = IDENTITY
    for column in range(_COLUMNS // 2 - 1, -1, -1):
        total = _add(_double(total), _look_up(low, rows, column))
        total = _add(total, _look_up(high, rows, column + _COLUMNS // 2))
    return total


def multiply_sum(number, base, other_number, table):
    """`number` (odd) times the base point plus `other_number` (any, < 2**259) times the point of `table`."""
    low, high = base
    rows, other_rows = _rows(number), _rows(other_number | 1)
    total = IDENTITY
    for column in range(_COLUMNS - 1, -1, -1):
        total = _add(_double(total), _look_up(table, other_rows, column))
        if column < _COLUMNS // 2:
            total = _add(total, _look_up(low, rows, column))
            total = _add(total, _look_up(high, rows, column + _COLUMNS // 2))
    if not other_number & 1:
        total = _add(total, _negative(table[16]))
    return total


def negative(p):
    """Minus a point."""
    return (P - p[0]) % P, p[1], p[2], (P - p[3]) % P
