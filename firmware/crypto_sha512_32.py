# ruff: noqa: F821, PLR0915 - viper's own types; one block is one function, as a call costs more than a round
# pyright: reportUndefinedVariable=false
# A viper function takes any buffer where it says ptr8 or ptr32; the stubs do not know that.
# pyright: reportArgumentType=false
"""
The inner loop of SHA-512 for MicroPython with native code and 32-bit words (ESP32).
`sha512` picks it; importing it where viper is missing is a SyntaxError.

A 64-bit word is two 32-bit halves, low half first; a carry is taken from the highest bits, without a branch: no
step and no address depends on what is hashed. Right on 64-bit words, too, where the tests run it: the mask is all
ones on either.
"""

from array import array

import micropython

# 0..31: the last sixteen words of the schedule. 32..47: a to h, from a place that moves. 48: the mask.
_WORKSPACE = array("I", [0] * 48 + [0xFFFFFFFF])


# state, constants: 64-bit words in halves. block: 128 bytes. Overwrites `state`. FIPS 180-4, 6.4.2.
@micropython.viper
def _compress(state: ptr32, block: ptr8, constants: ptr32, work: ptr32):
    mask = uint(work[48])
    n = 0
    while n < 16:
        p = n << 3
        work[2 * n] = (block[p + 4] << 24) | (block[p + 5] << 16) | (block[p + 6] << 8) | block[p + 7]
        work[2 * n + 1] = (block[p] << 24) | (block[p + 1] << 16) | (block[p + 2] << 8) | block[p + 3]
        work[32 + n] = state[n]
        n += 1
    n = 0
    while n < 160:
        # h and d, where T1 is gathered and added.
        i = n & 31
        at = 32 + ((14 - n) & 15)
        low = uint(work[at])
        high = uint(work[at + 1])
        at = 32 + ((8 - n) & 15)
        x = uint(work[at])
        y = uint(work[at + 1])
        at = 32 + ((10 - n) & 15)
        f = uint(work[at])
        g = uint(work[at + 1])
        at = 32 + ((12 - n) & 15)
        add = uint(work[at])
        add = add ^ (x & (f ^ add))
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        add = uint(work[at + 1])
        high = high + (add ^ (y & (g ^ add)))
        add = ((x >> 14 | y << 18) ^ (x >> 18 | y << 14) ^ (y >> 9 | x << 23)) & mask
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        high = high + ((y >> 14 | x << 18) ^ (y >> 18 | x << 14) ^ (x >> 9 | y << 23))
        add = uint(constants[n])
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        add = uint(work[i])
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        high = (high + uint(constants[n + 1]) + uint(work[i + 1])) & mask
        at = 32 + ((6 - n) & 15)
        old = uint(work[at])
        x = (old + low) & mask
        y = uint(work[at + 1]) + high + (((old & low) | ((old | low) & (x ^ mask))) >> 31)
        work[at] = int(x)
        work[at + 1] = int(y)
        # T2, of a, b and c; the new a takes h's place.
        at = 32 + ((0 - n) & 15)
        x = uint(work[at])
        y = uint(work[at + 1])
        add = ((x >> 28 | y << 4) ^ (y >> 2 | x << 30) ^ (y >> 7 | x << 25)) & mask
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        high = high + ((y >> 28 | x << 4) ^ (x >> 2 | y << 30) ^ (x >> 7 | y << 25))
        at = 32 + ((2 - n) & 15)
        f = uint(work[at])
        g = uint(work[at + 1])
        at = 32 + ((4 - n) & 15)
        add = (x & f) | (uint(work[at]) & (x | f))
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        high = high + ((y & g) | (uint(work[at + 1]) & (y | g)))
        at = 32 + ((14 - n) & 15)
        work[at] = int(low)
        work[at + 1] = int(high)
        # The schedule's word that is sixteen rounds on.
        low = uint(work[i])
        high = uint(work[i + 1])
        at = (i + 2) & 31
        x = uint(work[at])
        y = uint(work[at + 1])
        add = ((x >> 1 | y << 31) ^ (x >> 8 | y << 24) ^ (x >> 7 | y << 25)) & mask
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        high = high + ((y >> 1 | x << 31) ^ (y >> 8 | x << 24) ^ (y >> 7))
        at = (i + 28) & 31
        x = uint(work[at])
        y = uint(work[at + 1])
        add = ((x >> 19 | y << 13) ^ (y >> 29 | x << 3) ^ (x >> 6 | y << 26)) & mask
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        high = high + ((y >> 19 | x << 13) ^ (x >> 29 | y << 3) ^ (y >> 6))
        at = (i + 18) & 31
        add = uint(work[at])
        old = low
        low = (low + add) & mask
        high = high + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        work[i] = int(low)
        work[i + 1] = int(high + uint(work[at + 1]))
        n += 2
    n = 0
    while n < 16:
        add = uint(state[n])
        old = uint(work[32 + n])
        low = (old + add) & mask
        high = uint(state[n + 1]) + uint(work[33 + n]) + (((old & add) | ((old | add) & (low ^ mask))) >> 31)
        state[n] = int(low)
        state[n + 1] = int(high)
        n += 2


def compress_all(state, blocks, constants):
    """Takes `blocks` (bytes, a multiple of 128) into `state` (array of 16 halves, changed in place)."""
    view = memoryview(blocks)
    for start in range(0, len(blocks), 128):
        _compress(state, view[start : start + 128], constants, _WORKSPACE)
