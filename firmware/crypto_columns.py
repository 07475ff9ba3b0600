# ruff: noqa: F821 - viper's own types
# pyright: reportUndefinedVariable=false
"""Reading a comb's columns out of a number, in native code of any word size. `crypto_curve` has the plain one."""

import micropython


# Each of 52 bytes gets the bits c, c+52, c+104, c+156 and c+208 of `signs` (33 bytes, low first), the lowest first.
@micropython.viper
def read_columns(signs: ptr8, columns: ptr8):
    column = 0
    while column < 52:
        digit = 0
        row = 4
        while row >= 0:
            bit = column + 52 * row
            digit = digit << 1 | (int(signs[bit >> 3]) >> (bit & 7)) & 1
            row -= 1
        columns[column] = digit
        column += 1
