"""
The field machines at the edge of what their limbs may hold, where random numbers do not
come: run by `test_ed25519` under MicroPython.
"""

import random

import crypto_field
import crypto_field_32
import crypto_field_64
from crypto_field import ADD, MULTIPLY, SQUARE, SUBTRACT

EDGES = (0, 1, 2, 19, crypto_field.P - 1, crypto_field.P - 2, 1 << 254, (1 << 255) - 20)
# 3 is 0 + 1, 4 is 0 - 1, 5 has the five units that a point's doubling comes to; 6 to 9 are products of such.
PROGRAM = (
    (ADD, 3, 0, 1),
    (SUBTRACT, 4, 0, 1),
    (ADD, 5, 3, 4),
    (MULTIPLY, 6, 5, 4),
    (MULTIPLY, 7, 5, 5),
    (SQUARE, 8, 6, 5),
    (MULTIPLY, 9, 3, 0),
)


# The greatest limbs a product leaves.
def _fill(machine, registers, index):
    for limb in range(machine.WORDS):
        at = index * machine.WORDS + limb
        if machine is crypto_field_64:
            registers[at] = (1 << 25) + (1 << 18) if limb == 1 else (1 << 25 if limb % 2 else 1 << 26) - 1
        elif machine is crypto_field_32:
            registers[at] = 256 if limb == 19 else 8191


def _run(machine, registers):
    instructions = b"".join([bytes(instruction) for instruction in PROGRAM])
    machine.run(bytes([len(PROGRAM)]) + instructions, registers, 0)
    return [machine.get(registers, index) for index in range(10)]


def _from_numbers(machine, a, b):
    registers = machine.new(10)
    machine.put(registers, 0, a)
    machine.put(registers, 1, b)
    return _run(machine, registers)


def _number():
    number = 0
    for _ in range(8):
        number = number << 32 | random.getrandbits(32)
    return number % crypto_field.P


if __name__ == "__main__":
    for machine in (crypto_field_64, crypto_field_32):
        registers = machine.new(10)
        _fill(machine, registers, 0)
        _fill(machine, registers, 1)
        number = machine.get(registers, 0)
        assert _run(machine, registers) == _from_numbers(crypto_field, number, number)
    random.seed(25519)
    pairs = [(a, b) for a in EDGES for b in EDGES] + [(_number(), _number()) for _ in range(300)]
    for a, b in pairs:
        expected = _from_numbers(crypto_field, a, b)
        assert _from_numbers(crypto_field_64, a, b) == _from_numbers(crypto_field_32, a, b) == expected, (a, b)
    print(len(pairs), "pairs")
