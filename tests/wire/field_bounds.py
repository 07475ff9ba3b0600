"""
The field machines at the edge of what their limbs may hold, where random numbers do not
come: run by `test_ed25519` under MicroPython.
"""

import random

import crypto_field
import crypto_field_32
import crypto_field_64

P = (1 << 255) - 19
EDGES = (0, 1, 2, 19, P - 1, P - 2, 1 << 254, (1 << 255) - 20)
WIDE = (P, 2 * P - 1, (1 << 256) - 38)  # what an entry that was turned round may be
# D is A + B, E is A - B, F has the five units that a point's doubling comes to; G to J are products of such.
PROGRAM = b"+DAB-EAB+FDE*GFE*HFF^IG\5*JDA"

# An entry comes in as a factor of a difference.
ENTRY = b"-EBC*GEA+DBB*HAD^IA\1*JBA"


# The greatest limbs a product leaves.
def _fill(machine, registers, index):
    words = len(machine.new(1))
    for limb in range(words):
        at = index * words + limb
        if machine is crypto_field_64:
            registers[at] = (1 << 25) + (1 << 18) if limb == 1 else (1 << 25 if limb % 2 else 1 << 26) - 1
        elif machine is crypto_field_32:
            registers[at] = 511 if limb == 19 else 8191


def _run(machine, registers, program=PROGRAM):
    machine.run(program, len(program) // 4, registers)
    # D to F are sums and differences, which are not stored.
    return [_get(machine, registers, index) for index in (0, 1, 2, 6, 7, 8, 9)]


def _get(machine, registers, index):
    octets = bytearray(40)
    machine.store(registers, index, 1, octets, 4)
    assert octets[:4] + octets[36:] == bytes(8)
    return int.from_bytes(octets[4:36], "little") % P


def _from_numbers(machine, a, b, program=PROGRAM):
    registers = machine.new(10)
    machine.load(registers, 0, 2, a.to_bytes(32, "little") + b.to_bytes(32, "little") + bytes(4), 0)
    return _run(machine, registers, program)


def _number():
    number = 0
    for _ in range(8):
        number = number << 32 | random.getrandbits(32)
    return number % P


if __name__ == "__main__":
    for machine in (crypto_field_64, crypto_field_32):
        registers = machine.new(10)
        _fill(machine, registers, 0)
        _fill(machine, registers, 1)
        number = _get(machine, registers, 0)
        assert _run(machine, registers) == _from_numbers(crypto_field, number, number)
    random.seed(25519)
    pairs = [(a, b) for a in EDGES for b in EDGES] + [(_number(), _number()) for _ in range(300)]
    cases = [(a, b, PROGRAM) for a, b in pairs] + [(a, b, ENTRY) for a in WIDE for b in EDGES]
    for a, b, program in cases:
        expected = _from_numbers(crypto_field, a, b, program)
        found = [_from_numbers(machine, a, b, program) for machine in (crypto_field_64, crypto_field_32)]
        assert found == [expected, expected], (a, b)
    print(len(cases), "pairs")
