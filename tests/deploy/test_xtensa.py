"""The counted code is the code: an Xtensa core in Python runs the field machine, and it is right."""

import random
import sys

import pytest

from tests.bench import firmware_size
from tests.bench.xtensa import Core

P = 2**255 - 19
LIMBS, BITS, REGISTERS = 20, 13, 0x1000
CASES = {
    "multiply": (0, 2, lambda x, y: x * y % P),
    "square": (1, 1, lambda x, y: x * x % P),
    "square three times": (1, 3, lambda x, y: pow(x, 8, P)),
    "add": (2, 2, lambda x, y: (x + y) % P),
    "subtract": (3, 2, lambda x, y: (x - y) % P),
}


def put(core: Core, index: int, number: int) -> None:
    at = REGISTERS + 2 * LIMBS * index
    for limb in range(LIMBS):
        core.memory[at + 2 * limb : at + 2 * limb + 2] = (number >> BITS * limb & 0x1FFF).to_bytes(2, "little")


def get(core: Core, index: int) -> int:
    at = REGISTERS + 2 * LIMBS * index
    limbs = [int.from_bytes(core.memory[at + 2 * limb : at + 2 * limb + 2], "little") for limb in range(LIMBS)]
    return sum(limb << BITS * number for number, limb in enumerate(limbs)) % P


@pytest.mark.parametrize("name", CASES)
def test_the_field_machine_computes_on_xtensa_and_always_in_as_many_instructions(name):
    operation, b, right = CASES[name]
    code = firmware_size.native("crypto_field_32.py")
    counts = set()
    seed = random.randrange(1 << 32)
    numbers = random.Random(seed)
    for x, y in [(0, 0), (P - 1, P - 1), (1, P - 1), *((numbers.randrange(P), numbers.randrange(P)) for _ in range(5))]:
        core = Core()
        put(core, 1, x)
        put(core, 2, y)
        core.memory[0x100:0x105] = bytes((1, operation, 3, 1, b))
        counts.add(core.call(code, 0, 0, REGISTERS, REGISTERS, REGISTERS, 0x4000, 0x100, 0))
        assert get(core, 3) == right(x, y), f"seed {seed}"
    assert len(counts) == 1, "the steps depend on the numbers"


def test_the_columns_of_a_comb_are_read_as_the_plain_code_reads_them():
    sys.path.insert(0, str(firmware_size.FIRMWARE))
    import crypto_curve

    core, signs, columns = Core(), bytes(range(7, 40)), bytearray(52)
    core.memory[0x100:0x121] = signs
    core.call(firmware_size.native("crypto_columns.py"), 0x100, 0x200)
    crypto_curve._plain_read_columns(signs, columns)
    assert core.memory[0x200:0x234] == columns


def test_the_estimates_are_made_of_what_a_signature_calls():
    instructions = {name: count for name, (count, _) in firmware_size.estimates().items()}
    assert instructions["sign"] < instructions["verify"] < instructions["verify, a new key"]
