# ruff: noqa: F821, PLR0915 - viper's own types; one machine is one function, as a call costs more than most of it
# pyright: reportUndefinedVariable=false
# A viper function takes any buffer where it says ptr8 or ptr32; the stubs do not know that.
# pyright: reportArgumentType=false
"""
The field of integers modulo 2**255 - 19 in native code with 32-bit words (ESP32): a
machine of registers that runs a small program, as `crypto_field` describes it.

A register is twenty limbs of 13 bits, each in 16 bits of memory; every result is carried, so that a column of
twenty products stays below 2**32, also where one factor was loaded from 256 bits. Right on 64-bit words, too, where
the tests run it. No branch and no address depends on a register's value.
"""

from array import array

import micropython

_WORDS = 20
_columns = array("I", [0] * 20)


def new(count):
    """`count` registers, all zero."""
    return array("H", [0] * (_WORDS * count))


# crypto_field.load: limb i is bits 13 i to 13 i + 12, the last one nine bits.
@micropython.viper
def load(registers: ptr16, to: int, count: int, octets: ptr8, start: int):
    to *= 20
    octets = ptr8(int(octets) + start)
    while count > 0:
        count -= 1
        i = 0
        while i < 247:
            at = i >> 3
            limb = int(octets[at]) | int(octets[at + 1]) << 8 | int(octets[at + 2]) << 16
            registers[to] = limb >> (i & 7) & 0x1FFF
            to += 1
            i += 13
        registers[to] = (int(octets[30]) | int(octets[31]) << 8) >> 7
        to += 1
        octets = ptr8(int(octets) + 32)


# crypto_field.store
@micropython.viper
def store(registers: ptr16, at: int, count: int, octets: ptr8, start: int):
    at *= 20
    while count > 0:
        count -= 1
        limbs = 0
        bits = 0
        left = 32
        while left > 0:
            if bits < 8:
                limbs |= int(registers[at]) << bits
                bits += 13
                at += 1
            octets[start] = limbs & 0xFF
            limbs >>= 8
            bits -= 8
            start += 1
            left -= 1


# crypto_field.run: * is 42, + 43, - 45, ^ 94 and A 65.
# The first of a viper function's variables live in the processor's registers, arguments before all: so what the
# innermost loop needs is an argument, whatever is passed. Counted by tests/bench/firmware_size.py.
@micropython.viper
def _run(i: int, total: int, left: ptr16, right: ptr16, registers: ptr16, columns: ptr32, program: ptr8, count: int):
    origin = int(registers) - 2600  # where A would be 65
    while count > 0:
        count -= 1
        operation = int(program[0])
        to = origin + 40 * int(program[1])
        a = origin + 40 * int(program[2])
        b = origin + 40 * int(program[3])
        repeat = 1
        half = 0
        if operation == 94:
            repeat = int(program[3])
            b = a
            half = 1
        elif operation > 42:
            repeat = 0
            # What passes 2**255 comes back times 19.
            left = ptr16(a)
            right = ptr16(b)
            result = ptr16(to)
            if operation == 43:
                last = int(left[19]) + int(right[19])
                total = (last >> 8) * 19
                i = 0
                while i < 19:
                    total += int(left[0]) + int(right[0])
                    result[0] = total & 0x1FFF
                    total >>= 13
                    left = ptr16(int(left) + 2)
                    right = ptr16(int(right) + 2)
                    result = ptr16(int(result) + 2)
                    i += 1
            else:  # plus 4 * (2**255 - 19), so that no limb is negative
                last = int(left[19]) + 1022 - int(right[19])
                total = (last >> 8) * 19 - 74
                i = 0
                while i < 19:
                    total += int(left[0]) + 16382 - int(right[0])
                    result[0] = total & 0x1FFF
                    total >>= 13
                    left = ptr16(int(left) + 2)
                    right = ptr16(int(right) + 2)
                    result = ptr16(int(result) + 2)
                    i += 1
            result[0] = total + (last & 0xFF)
        while repeat > 0:
            repeat -= 1
            # Columns 39 down to 20 first, carried and folded: 2**260 is 608 here. A square's products come in pairs.
            total = 0
            k = 0
            while k < 19:
                carry = total
                total = 0
                left = ptr16(a + 2 + 2 * k)
                right = ptr16(b + 32)
                i = (19 - k) >> half
                while i > 3:
                    total += int(left[0]) * int(right[3])
                    total += int(left[1]) * int(right[2])
                    total += int(left[2]) * int(right[1])
                    total += int(left[3]) * int(right[0])
                    left = ptr16(int(left) + 8)
                    right = ptr16(int(right) - 8)
                    i -= 4
                if i & 2:
                    total += int(left[0]) * int(right[3])
                    total += int(left[1]) * int(right[2])
                    left = ptr16(int(left) + 4)
                    right = ptr16(int(right) - 4)
                if i & 1:
                    total += int(left[0]) * int(right[3])
                    left = ptr16(int(left) + 2)
                if half:
                    total += total
                    if not k & 1:
                        total += int(left[0]) * int(left[0])
                total += carry
                columns[k] = (total & 0x1FFF) * 608
                total >>= 13
                k += 1
            columns[19] = total * 608
            total = 0
            k = 0
            while k < 20:
                carry = total + int(columns[k])
                total = 0
                left = ptr16(a)
                right = ptr16(b + 2 * k - 6)
                i = (k + 1) >> half
                while i > 3:
                    total += int(left[0]) * int(right[3])
                    total += int(left[1]) * int(right[2])
                    total += int(left[2]) * int(right[1])
                    total += int(left[3]) * int(right[0])
                    left = ptr16(int(left) + 8)
                    right = ptr16(int(right) - 8)
                    i -= 4
                if i & 2:
                    total += int(left[0]) * int(right[3])
                    total += int(left[1]) * int(right[2])
                    left = ptr16(int(left) + 4)
                    right = ptr16(int(right) - 4)
                if i & 1:
                    total += int(left[0]) * int(right[3])
                    left = ptr16(int(left) + 2)
                if half:
                    total += total
                    if not k & 1:
                        total += int(left[0]) * int(left[0])
                total += carry
                columns[k] = total & 0x1FFF
                total >>= 13
                k += 1
            # What passes 2**255 comes back times 19.
            total = ((total << 5) + (int(columns[19]) >> 8)) * 19
            columns[19] = int(columns[19]) & 0xFF
            left = ptr16(to)
            i = 0
            while i < 20:
                total += int(columns[i])
                left[0] = total & 0x1FFF
                total >>= 13
                left = ptr16(int(left) + 2)
                i += 1
            a = to
            b = to
        program = ptr8(int(program) + 4)


def run(program, count, registers):
    """Runs the first `count` instructions of `program` (bytes) over `registers`."""
    _run(0, 0, registers, registers, registers, _columns, program, count)
