# ruff: noqa: F821 - viper's own types
# pyright: reportUndefinedVariable=false
"""
What a comb looks up, in native code of any word size: its columns of signs, and a table's entry
for a column. `crypto_comb_plain` has the same for other interpreters.

An entry is taken for secret digits: no branch and no address depends on one, all eight entries are read.
"""

import micropython


# Each of 64 bytes gets the bits c, c+64, c+128 and c+192 of `signs` (32 bytes, low first), the lowest first.
@micropython.viper
def read_columns(signs: ptr8, columns: ptr8):
    column = 0
    while column < 64:
        at = column >> 3
        bit = column & 7
        digit = (int(signs[at]) >> bit) & 1
        digit |= ((int(signs[at + 8]) >> bit) & 1) << 1
        digit |= ((int(signs[at + 16]) >> bit) & 1) << 2
        columns[column] = digit | ((int(signs[at + 24]) >> bit) & 1) << 3
        column += 1


# The entry for `digit` of the table of eight that begins `start` bytes into `table`. An entry is three numbers < p of
# 32 bytes: y-x, y+x, 2dxy. The digit's bit 3 is the sign, and the other three the entry's number where it is plus; with
# minus they are turned round, and so is the entry: the first two change places, and the third becomes 2p minus
# itself. `entry` has a word to spare.
@micropython.viper
def take(i: int, chosen: int, source: ptr32, entry: ptr32, table: ptr8, start: int, digit: int):
    minus = (digit >> 3) - 1  # all ones, or zero
    index = (digit ^ minus) & 7
    # Words are read where words lie, wherever the table begins.
    shift = (int(table) + start) & 3
    source = ptr32(int(table) + start - shift)
    words = 24 + ((shift + 3) >> 2)
    i = 0
    while i < words:
        entry[i] = 0
        i += 1
    number = 0
    while number < 8:
        chosen = ((number ^ index) - 1) >> 31
        i = 0
        while i < words:
            entry[i] = int(entry[i]) | (int(source[i]) & chosen)
            i += 1
        source = ptr32(int(source) + 96)
        number += 1
    if shift:
        octets = ptr8(int(entry))
        i = 0
        while i < 96:
            octets[i] = octets[i + shift]
            i += 1
    i = 0
    while i < 8:
        chosen = (int(entry[i]) ^ int(entry[i + 8])) & minus
        entry[i] = int(entry[i]) ^ chosen
        entry[i + 8] = int(entry[i + 8]) ^ chosen
        i += 1
    # 2p is all ones minus 37.
    halves = ptr16(int(entry))
    carry = -37
    i = 32
    while i < 48:
        chosen = int(halves[i])
        carry += chosen ^ 0xFFFF
        halves[i] = chosen ^ ((chosen ^ carry) & minus & 0xFFFF)
        carry >>= 16
        i += 1
