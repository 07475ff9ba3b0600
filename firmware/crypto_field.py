"""
The field of integers modulo 2**255 - 19 as a machine: numbered registers, and programs
of multiplications, additions and subtractions over them. `crypto_curve` writes the
programs; this machine runs them with Python's integers, on any interpreter, and
`crypto_field_64` and `crypto_field_32` do so in native code.

A program is its number of instructions in one byte, then four bytes for each:
operation, register of the result, first and second operand. Registers 252 to 254 stand for the
three of the table entry that `run` is given.
"""

P = (1 << 255) - 19
WORDS = 1  # list items a register takes

MULTIPLY = 0
SQUARE = 1  # the first operand, squared as many times as the second says
ADD = 2
SUBTRACT = 3  # the second operand must be a product
ENTRY = 252


def new(count):
    """`count` registers, all zero."""
    return [0] * count


def put(registers, index, number):
    """Sets one register. number: 0 <= number < 2**255."""
    registers[index] = number


def get(registers, index):
    """The number a register holds, modulo 2**255 - 19."""
    return registers[index] % P


def run(program, registers, entry):
    """Runs `program` (bytes) over `registers`. entry: the register that 252 stands for."""
    offset = entry - ENTRY
    for at in range(1, 4 * program[0], 4):
        operation, to, a, b = program[at : at + 4]
        if to >= ENTRY:
            to += offset
        left = registers[a + offset if a >= ENTRY else a]
        if operation == SQUARE:
            registers[to] = pow(left, 1 << b, P)
            continue
        right = registers[b + offset if b >= ENTRY else b]
        if operation == MULTIPLY:
            registers[to] = left * right % P
        elif operation == ADD:
            registers[to] = left + right
        else:
            registers[to] = left - right
