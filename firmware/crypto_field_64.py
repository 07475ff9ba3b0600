# ruff: noqa: F821, PLR0915 - viper's own types; one multiplication is one long function, as a call costs more than it
# pyright: reportUndefinedVariable=false
"""
The field of integers modulo 2**255 - 19 in native code with 64-bit words (MicroPython's
Unix port on x86-64): a machine of registers that runs a small program, as `crypto_field` describes it.

A register is ten limbs of 26 and 25 bits in turn, as in the reference implementation of
Ed25519, but never negative. Sums are not carried: a product keeps its limbs to one unit
(2**26, 2**25), a sum has the units of both, a difference two more than its first, and
the units of two factors may multiply to 32 before a column passes 64 bits. No branch
and no address depends on a register's value.
"""

from array import array

import micropython

_WORDS = 10


def new(count):
    """`count` registers, all zero."""
    return array("I", [0] * (_WORDS * count))


# crypto_field.load: limbs begin at bits 0, 26, 51, 77 and so on; the last one takes bit 255, too.
@micropython.viper
def load(registers: ptr32, to: int, count: int, octets: ptr8, start: int):
    to *= 10
    words = ptr32(int(octets) + start)
    while count > 0:
        count -= 1
        bit = 0
        i = 0
        while i < 9:
            at = bit >> 5
            limb = (int(words[at]) | int(words[at + 1]) << 32) >> (bit & 31)
            registers[to + i] = limb & (0x3FFFFFF >> (i & 1))
            bit += 26 - (i & 1)
            i += 1
        registers[to + 9] = int(words[7]) >> 6
        to += 10
        words = ptr32(int(words) + 32)


# crypto_field.store
@micropython.viper
def store(registers: ptr32, at: int, count: int, octets: ptr8, start: int):
    at *= 10
    while count > 0:
        count -= 1
        limbs = 0
        bits = 0
        i = 0
        while i < 10:
            limbs += int(registers[at]) << bits
            bits += 26 - (i & 1)
            while bits >= 8:
                octets[start] = limbs & 0xFF
                limbs >>= 8
                bits -= 8
                start += 1
            at += 1
            i += 1
        octets[start] = limbs
        start += 1


# crypto_field.run: * is 42, + 43, - 45, ^ 94 and A 65.
@micropython.viper
def run(program: ptr8, count: int, registers: ptr32):
    at = 0
    while count > 0:
        count -= 1
        operation = int(program[at])
        to = 10 * int(program[at + 1]) - 650
        a = 10 * int(program[at + 2]) - 650
        b = 10 * int(program[at + 3]) - 650
        at += 4
        repeat = 1
        if operation == 94:
            repeat = int(program[at - 1])
            b = a
        if operation == 43:
            i = 0
            while i < 10:
                registers[to + i] = registers[a + i] + registers[b + i]
                i += 1
            repeat = 0
        if operation == 45:
            registers[to] = int(registers[a]) + 0x7FFFFDA - int(registers[b])
            registers[to + 1] = int(registers[a + 1]) + 0x3FFFFFE - int(registers[b + 1])
            i = 2
            while i < 10:
                registers[to + i] = int(registers[a + i]) + 0x7FFFFFE - int(registers[b + i])
                registers[to + i + 1] = int(registers[a + i + 1]) + 0x3FFFFFE - int(registers[b + i + 1])
                i += 2
            repeat = 0
        while repeat > 0:
            repeat -= 1
            f0 = int(registers[a + 0])
            f1 = int(registers[a + 1])
            f2 = int(registers[a + 2])
            f3 = int(registers[a + 3])
            f4 = int(registers[a + 4])
            f5 = int(registers[a + 5])
            f6 = int(registers[a + 6])
            f7 = int(registers[a + 7])
            f8 = int(registers[a + 8])
            f9 = int(registers[a + 9])
            g0 = int(registers[b + 0])
            g1 = int(registers[b + 1])
            g2 = int(registers[b + 2])
            g3 = int(registers[b + 3])
            g4 = int(registers[b + 4])
            g5 = int(registers[b + 5])
            g6 = int(registers[b + 6])
            g7 = int(registers[b + 7])
            g8 = int(registers[b + 8])
            g9 = int(registers[b + 9])
            d1 = f1 + f1
            d3 = f3 + f3
            d5 = f5 + f5
            d7 = f7 + f7
            d9 = f9 + f9
            k1 = g1 * 19
            k2 = g2 * 19
            k3 = g3 * 19
            k4 = g4 * 19
            k5 = g5 * 19
            k6 = g6 * 19
            k7 = g7 * 19
            k8 = g8 * 19
            k9 = g9 * 19
            h0 = f0 * g0 + d1 * k9 + f2 * k8 + d3 * k7 + f4 * k6 + d5 * k5 + f6 * k4 + d7 * k3 + f8 * k2 + d9 * k1
            h1 = f0 * g1 + f1 * g0 + f2 * k9 + f3 * k8 + f4 * k7 + f5 * k6 + f6 * k5 + f7 * k4 + f8 * k3 + f9 * k2
            h2 = f0 * g2 + d1 * g1 + f2 * g0 + d3 * k9 + f4 * k8 + d5 * k7 + f6 * k6 + d7 * k5 + f8 * k4 + d9 * k3
            h3 = f0 * g3 + f1 * g2 + f2 * g1 + f3 * g0 + f4 * k9 + f5 * k8 + f6 * k7 + f7 * k6 + f8 * k5 + f9 * k4
            h4 = f0 * g4 + d1 * g3 + f2 * g2 + d3 * g1 + f4 * g0 + d5 * k9 + f6 * k8 + d7 * k7 + f8 * k6 + d9 * k5
            h5 = f0 * g5 + f1 * g4 + f2 * g3 + f3 * g2 + f4 * g1 + f5 * g0 + f6 * k9 + f7 * k8 + f8 * k7 + f9 * k6
            h6 = f0 * g6 + d1 * g5 + f2 * g4 + d3 * g3 + f4 * g2 + d5 * g1 + f6 * g0 + d7 * k9 + f8 * k8 + d9 * k7
            h7 = f0 * g7 + f1 * g6 + f2 * g5 + f3 * g4 + f4 * g3 + f5 * g2 + f6 * g1 + f7 * g0 + f8 * k9 + f9 * k8
            h8 = f0 * g8 + d1 * g7 + f2 * g6 + d3 * g5 + f4 * g4 + d5 * g3 + f6 * g2 + d7 * g1 + f8 * g0 + d9 * k9
            h9 = f0 * g9 + f1 * g8 + f2 * g7 + f3 * g6 + f4 * g5 + f5 * g4 + f6 * g3 + f7 * g2 + f8 * g1 + f9 * g0
            h1 += int(uint(h0) >> 26)
            h2 += int(uint(h1) >> 25)
            h3 += int(uint(h2) >> 26)
            h4 += int(uint(h3) >> 25)
            h5 += int(uint(h4) >> 26)
            h6 += int(uint(h5) >> 25)
            h7 += int(uint(h6) >> 26)
            h8 += int(uint(h7) >> 25)
            h9 += int(uint(h8) >> 26)
            h0 = (h0 & 0x3FFFFFF) + int(uint(h9) >> 25) * 19
            registers[to] = h0 & 0x3FFFFFF
            registers[to + 1] = (h1 & 0x1FFFFFF) + (h0 >> 26)
            registers[to + 2] = h2 & 0x3FFFFFF
            registers[to + 3] = h3 & 0x1FFFFFF
            registers[to + 4] = h4 & 0x3FFFFFF
            registers[to + 5] = h5 & 0x1FFFFFF
            registers[to + 6] = h6 & 0x3FFFFFF
            registers[to + 7] = h7 & 0x1FFFFFF
            registers[to + 8] = h8 & 0x3FFFFFF
            registers[to + 9] = h9 & 0x1FFFFFF
            a = to
            b = to
