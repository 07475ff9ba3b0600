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
@micropython.viper
def _run(program: ptr8, registers: ptr16, entry: int, columns: ptr32):
    at = 1
    left = int(program[0])
    while left > 0:
        left -= 1
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
                # Columns 39 down to 20 first, carried and folded: 2**260 is 608 here.
                i = 0
                while i < 20:
                    columns[i] = 0
                    i += 1
                carry = 0
                k = 20
                while k < 40:
                    i = k - 19
                    while i < 20:
                        carry += int(registers[a + i]) * int(registers[b + k - i])
                        i += 1
                    columns[k - 20] = (carry & 0x1FFF) * 608
                    carry >>= 13
                    k += 1
                k = 0
                while k < 20:
                    total = int(columns[k])
                    i = 0
                    while i <= k:
                        total += int(registers[a + i]) * int(registers[b + k - i])
                        i += 1
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
    _run(program, registers, entry, _columns)
