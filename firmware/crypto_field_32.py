# ruff: noqa: F821, PLR0915 - viper's own types; one machine is one function, as a call costs more than most of it
# pyright: reportUndefinedVariable=false
# A viper function takes any buffer where it says ptr8 or ptr32; the stubs do not know that.
# pyright: reportArgumentType=false
"""
The field of integers modulo 2**255 - 19 in native code with 32-bit words (ESP32): a
machine of registers that runs a small program, as `crypto_field` describes it.

A register is twenty limbs of 13 bits, each in 16 bits of memory; every result is carried, so that a column of
twenty products stays below 2**32. Right on 64-bit words, too, where the tests run it.
No branch and no address depends on a register's value.
"""

from array import array

import micropython

WORDS = 20
_BITS = 13
_columns = array("I", [0] * 20)


def new(count):
    """`count` registers, all zero."""
    return array("H", [0] * (WORDS * count))


def put(registers, index, number):
    """Sets one register. number: 0 <= number < 2**255."""
    for i in range(WORDS):
        registers[WORDS * index + i] = number >> (_BITS * i) & 0x1FFF


def get(registers, index):
    """The number a register holds, modulo 2**255 - 19."""
    number = 0
    for i in range(WORDS):
        number += registers[WORDS * index + i] << (_BITS * i)
    return number % ((1 << 255) - 19)


# crypto_field.run; the operations are MULTIPLY 0, SQUARE 1, ADD 2, SUBTRACT 3.
# The first of a viper function's variables live in the processor's registers, arguments before all: so what the
# innermost loop needs is an argument, whatever is passed. Counted by tests/bench/firmware_size.py.
@micropython.viper
def _run(i: int, total: int, left: ptr16, right: ptr16, registers: ptr16, columns: ptr32, program: ptr8, entry: int):
    at = 1
    remaining = int(program[0])
    while remaining > 0:
        remaining -= 1
        operation = int(program[at])
        to = int(program[at + 1])
        a = int(program[at + 2])
        b = int(program[at + 3])
        at += 4
        repeat = 1
        if operation == 1:
            repeat = b
            b = a
        if to > 251:
            to = to - 252 + entry
        if a > 251:
            a = a - 252 + entry
        if b > 251:
            b = b - 252 + entry
        to *= 20
        a *= 20
        b *= 20
        while repeat > 0:
            repeat -= 1
            if operation == 2:
                i = 0
                while i < 20:
                    columns[i] = int(registers[a + i]) + int(registers[b + i])
                    i += 1
            elif operation == 3:  # plus 4 * (2**255 - 19), so that no limb is negative
                columns[0] = int(registers[a]) + 16308 - int(registers[b])
                i = 1
                while i < 19:
                    columns[i] = int(registers[a + i]) + 16382 - int(registers[b + i])
                    i += 1
                columns[19] = int(registers[a + 19]) + 1022 - int(registers[b + 19])
            else:
                # Columns 39 down to 20 first, carried and folded: 2**260 is 608 here. Four products to a turn.
                i = 0
                while i < 20:
                    columns[i] = 0
                    i += 1
                total = 0
                k = 20
                while k < 39:
                    i = k - 19
                    left = ptr16(int(registers) + 2 * (a + i))
                    right = ptr16(int(registers) + 2 * (b + 16))
                    i = 39 - k
                    while i >= 4:
                        total += int(left[0]) * int(right[3])
                        total += int(left[1]) * int(right[2])
                        total += int(left[2]) * int(right[1])
                        total += int(left[3]) * int(right[0])
                        left = ptr16(int(left) + 8)
                        right = ptr16(int(right) - 8)
                        i -= 4
                    right = ptr16(int(right) + 6)
                    while i > 0:
                        total += int(left[0]) * int(right[0])
                        left = ptr16(int(left) + 2)
                        right = ptr16(int(right) - 2)
                        i -= 1
                    columns[k - 20] = (total & 0x1FFF) * 608
                    total >>= 13
                    k += 1
                columns[19] = total * 608
                k = 0
                while k < 20:
                    total = int(columns[k])
                    left = ptr16(int(registers) + 2 * a)
                    right = ptr16(int(registers) + 2 * (b + k - 3))
                    i = k + 1
                    while i >= 4:
                        total += int(left[0]) * int(right[3])
                        total += int(left[1]) * int(right[2])
                        total += int(left[2]) * int(right[1])
                        total += int(left[3]) * int(right[0])
                        left = ptr16(int(left) + 8)
                        right = ptr16(int(right) - 8)
                        i -= 4
                    right = ptr16(int(right) + 6)
                    while i > 0:
                        total += int(left[0]) * int(right[0])
                        left = ptr16(int(left) + 2)
                        right = ptr16(int(right) - 2)
                        i -= 1
                    columns[k] = total
                    k += 1
            # Carry; what passes 2**255 comes back times 19; carry once more.
            carry = 0
            i = 0
            while i < 20:
                carry += int(columns[i])
                columns[i] = carry & 0x1FFF
                carry >>= 13
                i += 1
            carry = (carry << 5) + (int(columns[19]) >> 8)
            columns[19] = int(columns[19]) & 0xFF
            carry *= 19
            i = 0
            while i < 20:
                carry += int(columns[i])
                registers[to + i] = carry & 0x1FFF
                carry >>= 13
                i += 1
            a = to
            b = to


def run(program, registers, entry):
    """Runs `program` (bytes) over `registers`. entry: the register that 252 stands for."""
    _run(0, 0, registers, registers, registers, _columns, program, entry)
