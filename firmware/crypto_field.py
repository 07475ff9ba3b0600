"""
The field of integers modulo 2**255 - 19 as a machine: numbered registers, and programs
of multiplications, additions and subtractions over them. `crypto_curve` writes the
programs; this machine runs them with Python's integers, on any interpreter, and
`crypto_field_64` and `crypto_field_32` do so in native code.

A program is text that lies in flash, four characters to an instruction: the operation, the register of the
result, first and second operand. Registers are letters, A the first. The operations: * multiplies; ^ squares
the first operand as many times as the second character's code says; + adds; - subtracts, and its second operand
must be a product, or loaded from a number < 2**255.
"""

_P = (1 << 255) - 19
_A = 65
_SIZE = 32


def new(count):
    """`count` registers, all zero."""
    return [0] * count


def load(registers, to, count, octets, start):
    """Sets `count` registers from `to` on: numbers < 2**256 from `octets[start]` on, 32 bytes each, low byte first."""
    for i in range(count):
        here = start + _SIZE * i
        registers[to + i] = int.from_bytes(octets[here : here + _SIZE], "little") % _P


def store(registers, at, count, octets, start):
    """The reverse, from `octets[start]` on: products or loaded numbers, as some number < 2**256 of the same residue."""
    for i in range(count):
        here = start + _SIZE * i
        octets[here : here + _SIZE] = registers[at + i].to_bytes(_SIZE, "little")


def run(program, count, registers):
    """Runs the first `count` instructions of `program` (bytes) over `registers`."""
    for at in range(0, 4 * count, 4):
        operation, to, a, b = program[at], program[at + 1] - _A, program[at + 2] - _A, program[at + 3]
        left = registers[a]
        if operation == ord("^"):
            registers[to] = pow(left, 1 << b, _P)
        elif operation == ord("*"):
            registers[to] = left * registers[b - _A] % _P
        elif operation == ord("+"):
            registers[to] = left + registers[b - _A]
        else:
            registers[to] = left - registers[b - _A]
