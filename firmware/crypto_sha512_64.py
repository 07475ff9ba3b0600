# ruff: noqa: F821, PLR0915 - viper's own types; one block is one function, as a call costs more than a round
# pyright: reportUndefinedVariable=false
# A viper function takes any buffer where it says ptr8 or ptr32; the stubs do not know that.
# pyright: reportArgumentType=false
"""
The inner loop of SHA-512 for MicroPython with native code and 64-bit words (the
Unix port). `sha512` picks it; importing it where viper is missing is a SyntaxError.
"""

from array import array

import micropython

_WORKSPACE = array("I", [0] * 32)  # the last sixteen words of the schedule, low half first


# state, constants: 64-bit words as two 32-bit halves, low half first. block: 128 bytes.
# Overwrites `state`. FIPS 180-4, 6.4.2; the schedule is a ring of sixteen words.
@micropython.viper
def _compress(state: ptr32, block: ptr8, constants: ptr32, ring: ptr32):
    n = 0
    while n < 16:
        p = n << 3
        ring[2 * n] = (block[p + 4] << 24) | (block[p + 5] << 16) | (block[p + 6] << 8) | block[p + 7]
        ring[2 * n + 1] = (block[p] << 24) | (block[p + 1] << 16) | (block[p + 2] << 8) | block[p + 3]
        n += 1
    a = uint(state[0]) | (uint(state[1]) << 32)
    b = uint(state[2]) | (uint(state[3]) << 32)
    c = uint(state[4]) | (uint(state[5]) << 32)
    d = uint(state[6]) | (uint(state[7]) << 32)
    e = uint(state[8]) | (uint(state[9]) << 32)
    f = uint(state[10]) | (uint(state[11]) << 32)
    g = uint(state[12]) | (uint(state[13]) << 32)
    h = uint(state[14]) | (uint(state[15]) << 32)
    n = 0
    while n < 160:
        i = n & 31
        w = uint(ring[i]) | (uint(ring[i + 1]) << 32)
        t = (e >> 14 | e << 50) ^ (e >> 18 | e << 46) ^ (e >> 41 | e << 23)
        t = t + h + (g ^ (e & (f ^ g))) + w + (uint(constants[n]) | (uint(constants[n + 1]) << 32))
        h = g
        g = f
        f = e
        e = d + t
        t = t + ((a >> 28 | a << 36) ^ (a >> 34 | a << 30) ^ (a >> 39 | a << 25)) + ((a & b) | (c & (a | b)))
        d = c
        c = b
        b = a
        a = t
        if n < 128:
            j = (i + 2) & 31
            t = uint(ring[j]) | (uint(ring[j + 1]) << 32)
            w = w + ((t >> 1 | t << 63) ^ (t >> 8 | t << 56) ^ (t >> 7))
            j = (i + 28) & 31
            t = uint(ring[j]) | (uint(ring[j + 1]) << 32)
            w = w + ((t >> 19 | t << 45) ^ (t >> 61 | t << 3) ^ (t >> 6))
            j = (i + 18) & 31
            w = w + (uint(ring[j]) | (uint(ring[j + 1]) << 32))
            ring[i] = int(w)
            ring[i + 1] = int(w >> 32)
        n += 2
    a = a + (uint(state[0]) | (uint(state[1]) << 32))
    b = b + (uint(state[2]) | (uint(state[3]) << 32))
    c = c + (uint(state[4]) | (uint(state[5]) << 32))
    d = d + (uint(state[6]) | (uint(state[7]) << 32))
    e = e + (uint(state[8]) | (uint(state[9]) << 32))
    f = f + (uint(state[10]) | (uint(state[11]) << 32))
    g = g + (uint(state[12]) | (uint(state[13]) << 32))
    h = h + (uint(state[14]) | (uint(state[15]) << 32))
    state[0] = int(a)
    state[1] = int(a >> 32)
    state[2] = int(b)
    state[3] = int(b >> 32)
    state[4] = int(c)
    state[5] = int(c >> 32)
    state[6] = int(d)
    state[7] = int(d >> 32)
    state[8] = int(e)
    state[9] = int(e >> 32)
    state[10] = int(f)
    state[11] = int(f >> 32)
    state[12] = int(g)
    state[13] = int(g >> 32)
    state[14] = int(h)
    state[15] = int(h >> 32)


def compress_all(state, blocks, constants):
    """Takes `blocks` (bytes, a multiple of 128) into `state` (array of 16 halves, changed in place)."""
    view = memoryview(blocks)
    for start in range(0, len(blocks), 128):
        _compress(state, view[start : start + 128], constants, _WORKSPACE)
