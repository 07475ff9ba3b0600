"""The counted code is the code: cores in Python run what is cross-compiled for boards, and it is right."""

import random
import sys

import pytest

from tests.bench import firmware_size
from tests.bench.core import Core
from tests.bench.firmware_size import ESP32, ESP32_C3

P = 2**255 - 19
LIMBS, BITS, REGISTERS = 20, 13, 0x1000
CASES = {
    "multiply": (b"*DBC", lambda x, y: x * y % P),
    "square": (b"^DB\1", lambda x, y: x * x % P),
    "square three times": (b"^DB\3", lambda x, y: pow(x, 8, P)),
    "add": (b"+DBC", lambda x, y: (x + y) % P),
    "subtract": (b"-DBC", lambda x, y: (x - y) % P),
}


def put(core: Core, index: int, number: int) -> None:
    at = REGISTERS + 2 * LIMBS * index
    for limb in range(LIMBS):
        core.memory[at + 2 * limb : at + 2 * limb + 2] = (number >> BITS * limb & 0x1FFF).to_bytes(2, "little")


def get(core: Core, index: int) -> int:
    at = REGISTERS + 2 * LIMBS * index
    limbs = [int.from_bytes(core.memory[at + 2 * limb : at + 2 * limb + 2], "little") for limb in range(LIMBS)]
    return sum(limb << BITS * number for number, limb in enumerate(limbs)) % P


class Watched(bytearray):
    """Memory that keeps where it was read."""

    def __init__(self, octets: bytearray):
        super().__init__(octets)
        self.starts: list[int] = []

    def __getitem__(self, at):
        self.starts.append(at.start)
        return super().__getitem__(at)


chips = pytest.mark.parametrize("chip", [ESP32, ESP32_C3], ids=lambda chip: chip.name)


@chips
@pytest.mark.parametrize("name", CASES)
def test_the_field_machine_computes_and_always_in_as_many_instructions(name, chip):
    instruction, right = CASES[name]
    code = firmware_size.native("crypto_field_32.py", chip.architecture)[-1]
    counts = set()
    seed = random.randrange(1 << 32)
    numbers = random.Random(seed)
    for x, y in [(0, 0), (P - 1, P - 1), (1, P - 1), *((numbers.randrange(P), numbers.randrange(P)) for _ in range(5))]:
        core = chip.core()
        put(core, 1, x)
        put(core, 2, y)
        core.memory[0x100:0x104] = instruction
        counts.add(core.call(code, 0, 0, REGISTERS, REGISTERS, REGISTERS, 0x4000, 0x100, 1))
        assert get(core, 3) == right(x, y), f"seed {seed}"
    assert len(counts) == 1, "the steps depend on the numbers"


@chips
def test_numbers_are_loaded_and_stored(chip):
    load, store, _ = firmware_size.native("crypto_field_32.py", chip.architecture)
    core, octets = chip.core(), random.randbytes(64)
    core.memory[0x101:0x141] = octets
    core.call(load, REGISTERS, 5, 2, 0xFF, 2)
    core.call(store, REGISTERS, 5, 2, 0x200, 3)
    assert core.memory[0x203:0x243] == octets and core.memory[0x200:0x203] + core.memory[0x243:0x250] == bytes(16)
    assert get(core, 6) == int.from_bytes(octets[32:], "little") % P


@chips
def test_the_columns_of_a_comb_are_read_as_the_plain_code_reads_them(chip):
    core, signs, columns = chip.core(), random.randbytes(32), bytearray(64)
    core.memory[0x100:0x120] = signs
    core.call(firmware_size.native("crypto_comb.py", chip.architecture)[0], 0x100, 0x200)
    plain().read_columns(signs, columns)
    assert core.memory[0x200:0x240] == columns


@chips
def test_an_entry_is_taken_as_the_plain_code_takes_it_and_always_by_the_same_reads(chip):
    """Wherever the table lies. What is read, code and data, is the same for every digit."""
    code = firmware_size.native("crypto_comb.py", chip.architecture)[1]
    table = b"".join(random.randrange(P).to_bytes(32, "little") for _ in range(24))
    for at in range(4):
        traces = set()
        for digit in range(16):
            core, expected = chip.core(), bytearray(100)
            core.memory = Watched(core.memory)
            core.memory[0x1000 + at : 0x1000 + at + len(table)] = table
            core.call(code, 0, 0, 0, 0x4000, 0x0F00, 0x100 + at, digit)
            traces.add(tuple(core.memory.starts))
            plain().take(0, 0, table, expected, table, 0, digit)
            assert core.memory[0x4000:0x4060] == expected[:96], (at, digit)
        assert len(traces) == 1, "steps or addresses depend on the digit"


@chips
def test_sha512_reads_the_same_whatever_it_hashes(chip):
    """The block's digest itself is checked where its cost is counted."""
    (code,) = firmware_size.native("crypto_sha512_32.py", chip.architecture)
    traces = set()
    for fill in (bytes(0x400), b"\xff" * 0x400, random.randbytes(0x400)):
        core = chip.core()
        core.memory[0x100:0x500] = fill
        core.memory[0x8C0:0x8C4] = b"\xff" * 4
        core.memory = Watched(core.memory)
        core.call(code, 0x100, 0x200, 0x280, 0x800)
        traces.add(tuple(core.memory.starts))
    assert len(traces) == 1, "steps or addresses depend on the message"


def test_the_estimates_are_made_of_what_a_signature_calls():
    for chip in (ESP32, ESP32_C3):
        instructions = {name: count for name, (count, _) in firmware_size.estimates(chip).items()}
        assert instructions["sign"] < instructions["verify"] < instructions["verify, a new key"]


def plain():
    sys.path.insert(0, str(firmware_size.FIRMWARE))
    import crypto_comb_plain

    return crypto_comb_plain
