"""
P9: how large the firmware's images are, and how long an ESP32 would take to sign and to verify.

No board is asked. The native functions for 32-bit words are cross-compiled as for a board, and
their machine code is run, instruction by instruction, by `xtensa` (ESP32) and `riscv` (ESP32-C3); how often the
firmware calls them for a signature is counted in a real one. Neither depends on the key or the message,
but for a few carries in SHA-512.

Assumed of an ESP32 (LX6, 240 MHz) and of a C3 (160 MHz): code in instruction RAM; one cycle for an instruction, one
more for a load or a product whose result the next one needs (always assumed), two more for a branch that is taken.
Not counted: the bytecode between the native functions, and interrupts. MicroPython starts an ESP32 at 160 MHz:
times 1.5 there.

    python -m tests.bench.firmware_size
"""

import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from deploy import build
from deploy.boards import boards
from deploy.cross import compile_module
from tests.bench.core import Core
from tests.bench.mpy import viper_functions
from tests.bench.riscv import Riscv
from tests.bench.xtensa import Xtensa

FIRMWARE = Path(__file__).parents[2] / "firmware"
SIGN_MS, VERIFY_MS = 100, 300  # promised of an ESP32
CYCLES = {"alu": 1, "store": 1, "load": 2, "multiply": 2, "branch taken": 3, "branch not taken": 1, "call": 20}
MESSAGE = bytes(200)

_REGISTERS, _COLUMNS, _PROGRAM = 0x1000, 0x4000, 0x100
_OPERATIONS = {"multiply": "*CAB", "square": "^CA\1", "add": "+CAB", "subtract": "-CAB"}  # `crypto_field` programs
_SIZES = {"load": (1, 3, 4), "store": (1, 4)}  # how many numbers are loaded and stored at a time


class Chip(NamedTuple):
    name: str
    architecture: str
    core: Callable[[], Core]
    mhz: int


ESP32 = Chip("ESP32", "xtensawin", Xtensa, 240)
ESP32_C3 = Chip("ESP32-C3", "rv32imc", Riscv, 160)

Cost = tuple[int, int]  # instructions, cycles


def native(name: str, architecture: str) -> list[bytes]:
    """The machine code of the viper functions in a firmware file, in their order."""
    return viper_functions(compile_module((FIRMWARE / name).read_text(), name, architecture))


# -- what a call costs --------------------------------------------------------------------------


def _cost(chip: Chip, run: Callable[[Core], int]) -> Cost:
    """What `run` does on a core of the chip."""
    core = chip.core()
    instructions = run(core)
    return instructions, sum(CYCLES[kind] * count for kind, count in core.counts.items())


def field_costs(chip: Chip) -> dict[str, Cost]:
    """Of the field machine: "call", then each operation; "load 3" is three numbers at once."""
    load, store, code = native("crypto_field_32.py", chip.architecture)

    def run(program: bytes) -> Cost:
        def on(core: Core) -> int:
            core.memory[_PROGRAM : _PROGRAM + len(program)] = program
            given = (_REGISTERS, _REGISTERS, _REGISTERS, _COLUMNS, _PROGRAM, len(program) // 4)
            return core.call(code, 0, 0, *given)

        return _cost(chip, on)

    empty = run(b"")
    costs = {"call": empty}
    for name, instruction in _OPERATIONS.items():
        once = run(instruction.encode())
        costs[name] = (once[0] - empty[0], once[1] - empty[1])
    for count in _SIZES["load"]:
        costs[f"load {count}"] = _cost(chip, lambda core, n=count: core.call(load, _REGISTERS, 3, n, 0x100, 0))
    for count in _SIZES["store"]:
        costs[f"store {count}"] = _cost(chip, lambda core, n=count: core.call(store, _REGISTERS, 3, n, 0x100, 0))
    return costs


def comb_costs(chip: Chip) -> dict[str, Cost]:
    """Of reading a comb's columns out of one number, and of taking a secret entry, which lies at any byte."""
    columns, take = native("crypto_comb.py", chip.architecture)
    return {
        "columns": _cost(chip, lambda core: core.call(columns, 0x100, 0x200)),
        "take": _cost(chip, lambda core: core.call(take, 0, 0, 0x1001, 0x100, 0x1001, 0, 5)),
    }


def sha512_block_cost(chip: Chip) -> Cost:
    """Of one block of SHA-512; its digest is held against the library's."""
    sys.path.insert(0, str(FIRMWARE))
    import sha512

    (code,), block = native("crypto_sha512_32.py", chip.architecture), b"\x80" + bytes(127)
    state, constants, work = array("I", sha512._START_HALVES), array("I", sha512._HALVES), [0] * 48 + [0xFFFFFFFF]

    def on(core: Core) -> int:
        at = {0x100: state.tobytes(), 0x200: block, 0x400: constants.tobytes(), 0x800: array("I", work).tobytes()}
        for address, data in at.items():
            core.memory[address : address + len(data)] = data
        taken = core.call(code, 0x100, 0x200, 0x400, 0x800)
        words = array("I", bytes(core.memory[0x100:0x140]))
        digest = b"".join((words[i] | words[i + 1] << 32).to_bytes(8, "big") for i in range(0, 16, 2))
        assert digest == hashlib.sha512(b"").digest()
        return taken

    return _cost(chip, on)


# -- how often they are called ------------------------------------------------------------------


def _in_program(program: bytes, count: int) -> Iterable[tuple[str, int]]:
    names = {ord(instruction[0]): name for name, instruction in _OPERATIONS.items()}
    for at in range(0, 4 * count, 4):
        yield names[program[at]], program[at + 3] if names[program[at]] == "square" else 1


class _Counting:
    """Stands in for a module: counts a call of its functions, and makes it."""

    def __init__(self, module, calls: Counter[str], names: dict[str, Callable[..., Iterable[tuple[str, int]]]]):
        self._module, self._calls, self._names = module, calls, names

    def __getattr__(self, name):
        function = getattr(self._module, name)

        def counting(*arguments):
            for what, times in self._names[name](*arguments):
                self._calls[what] += times
            return function(*arguments)

        return counting


def counted(action: Callable[[], object]) -> Counter[str]:
    """How often `action` calls each native function, counted on this interpreter's plain ones."""
    sys.path.insert(0, str(FIRMWARE))
    import crypto_curve
    import sha512

    calls: Counter[str] = Counter()
    kept = crypto_curve.field, crypto_curve.comb, sha512.compress_all
    field = {
        "run": lambda program, count, _: [("call", 1), *_in_program(program, count)],
        "load": lambda _registers, _to, count, *_: [(f"load {count}", 1)],
        "store": lambda _registers, _at, count, *_: [(f"store {count}", 1)],
    }
    comb = {
        "read_columns": lambda *_: [("columns", 1)],
        "take": lambda *_: [("take", 1)],
    }
    crypto_curve.field = _Counting(kept[0], calls, field)
    crypto_curve.comb = _Counting(kept[1], calls, comb)

    def compress_all(state, blocks, constants):
        calls["sha512 block"] += len(blocks) // 128
        kept[2](state, blocks, constants)

    sha512.compress_all = compress_all
    try:
        action()
    finally:
        crypto_curve.field, crypto_curve.comb, sha512.compress_all = kept
    return calls


def estimates(chip: Chip) -> dict[str, tuple[int, float]]:
    """(instructions, milliseconds) of a signature, of verifying one, and of the first of a key."""
    sys.path.insert(0, str(FIRMWARE))
    import ed25519

    signer = ed25519.Signer(bytes(range(32)))
    signature = signer.sign(MESSAGE)

    def verify() -> None:
        assert ed25519.verify(signer.public_key, MESSAGE, signature)

    ed25519.forget_keys()
    calls = {"verify, a new key": counted(verify)}  # the next verification finds its table
    calls |= {"sign": counted(lambda: signer.sign(MESSAGE)), "verify": counted(verify)}
    costs = field_costs(chip) | comb_costs(chip) | {"sha512 block": sha512_block_cost(chip)}
    return {name: _estimate(times, costs, chip.mhz) for name, times in calls.items()}


def _estimate(times: Counter[str], costs: dict[str, Cost], mhz: int) -> tuple[int, float]:
    instructions = sum(costs[name][0] * count for name, count in times.items())
    cycles = sum(costs[name][1] * count for name, count in times.items())
    return instructions, cycles / (mhz * 1000)


# -- sizes --------------------------------------------------------------------------------------


def image_sizes() -> dict[str, tuple[int, int]]:
    """(bytes of the ROMFS image, budget) by role and board."""
    made = [build.build(role, board.name) for board in boards().values() for role in board.roles]
    return {f"{one.role} {one.board.name}": (len(one.rom), one.budget) for one in made}


def figures() -> dict[str, dict[str, float]]:
    """P9 by name: the value and what it may be at most. Of a C3's speed nothing is promised."""
    estimated = estimates(ESP32)
    found = {
        f"P9 device {name} on an ESP32, ms (estimate)": {"value": round(estimated[name][1], 1), "at_most": limit}
        for name, limit in (("sign", SIGN_MS), ("verify", VERIFY_MS), ("verify, a new key", VERIFY_MS))
    }
    for name, (size, budget) in image_sizes().items():
        found[f"P9 image of {name}, bytes"] = {"value": size, "at_most": budget}
    return found


if __name__ == "__main__":
    for chip in (ESP32, ESP32_C3):
        for operation, (instructions, milliseconds) in estimates(chip).items():
            print(
                f"{operation}: {instructions} instructions, {milliseconds:.1f} ms on an {chip.name} at {chip.mhz} MHz"
            )
    for image, (size, budget) in image_sizes().items():
        print(f"{image}: {size} bytes (at most {budget})")
