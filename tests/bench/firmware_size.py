"""
P9: how large the firmware's images are, and how long an ESP32 would take to sign and to verify.

No board is asked. The native functions for 32-bit words are cross-compiled as for a board, and
their Xtensa code is run, instruction by instruction, by `xtensa.Core`; how often the firmware
calls them for a signature is counted in a real one. Neither depends on the key or the message,
but for a few carries in SHA-512.

Assumed of an ESP32 (LX6, 240 MHz): code in its instruction RAM; one cycle for an instruction, one more for a load
or a product whose result the next one needs (always assumed), two more for a branch that is taken. Not counted: the
bytecode between the native functions, and interrupts. MicroPython starts an ESP32 at 160 MHz: times 1.5 there.

    python -m tests.bench.firmware_size
"""

import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from deploy import build
from deploy.boards import boards
from deploy.cross import compile_module
from tests.bench.mpy import viper_functions
from tests.bench.xtensa import Core

FIRMWARE = Path(__file__).parents[2] / "firmware"
SIGN_MS, VERIFY_MS = 100, 300  # promised
MHZ = 240
CYCLES = {"alu": 1, "store": 1, "load": 2, "multiply": 2, "branch taken": 3, "branch not taken": 1, "call": 20}
MESSAGE = bytes(200)

_REGISTERS, _COLUMNS, _PROGRAM = 0x1000, 0x4000, 0x100
_OPERATIONS = {"multiply": 0, "square": 1, "add": 2, "subtract": 3}


def native(name: str) -> bytes:
    """The machine code of the one viper function in a firmware file."""
    (code,) = viper_functions(compile_module((FIRMWARE / name).read_text(), name, "xtensawin"))
    return code


# -- what a call costs --------------------------------------------------------------------------


def _costs(run: Callable[[Core], int]) -> tuple[int, int]:
    """(instructions, cycles) of what `run` does on a core."""
    core = Core()
    instructions = run(core)
    return instructions, sum(CYCLES[kind] * count for kind, count in core.counts.items())


def field_costs() -> dict[str, tuple[int, int]]:
    """Of the field machine: "call", then each operation."""
    code = native("crypto_field_32.py")

    def run(program: bytes) -> tuple[int, int]:
        def on(core: Core) -> int:
            core.memory[_PROGRAM : _PROGRAM + len(program)] = program
            given = (0, 0, _REGISTERS, _REGISTERS, _REGISTERS, _COLUMNS, _PROGRAM, 0)
            return core.call(code, *given)

        return _costs(on)

    empty = run(bytes((0,)))
    costs = {"call": empty}
    for name, operation in _OPERATIONS.items():
        once = run(bytes((1, operation, 3, 1, 1)))
        costs[name] = (once[0] - empty[0], once[1] - empty[1])
    return costs


def sha512_block_cost() -> tuple[int, int]:
    """Of one block of SHA-512; its digest is held against the library's."""
    sys.path.insert(0, str(FIRMWARE))
    import sha512

    code, block = native("crypto_sha512_32.py"), b"\x80" + bytes(127)
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

    return _costs(on)


def columns_cost() -> tuple[int, int]:
    """Of reading a comb's columns out of one number."""
    code = native("crypto_columns.py")
    return _costs(lambda core: core.call(code, 0x100, 0x200))


# -- how often they are called ------------------------------------------------------------------


def _in_program(program: bytes) -> Iterable[tuple[str, int]]:
    names = {number: name for name, number in _OPERATIONS.items()}
    for at in range(1, 4 * program[0], 4):
        yield names[program[at]], program[at + 3] if names[program[at]] == "square" else 1


def counted(action: Callable[[], object]) -> Counter[str]:
    """How often `action` calls each native function, counted on this interpreter's plain ones."""
    sys.path.insert(0, str(FIRMWARE))
    import crypto_curve
    import sha512

    calls: Counter[str] = Counter()
    run, compress_all, read_columns = crypto_curve.field.run, sha512.compress_all, crypto_curve.read_columns

    def counting_run(program, registers, entry):
        calls["call"] += 1
        for name, times in _in_program(program):
            calls[name] += times
        run(program, registers, entry)

    def counting_compress(state, blocks, constants):
        calls["sha512 block"] += len(blocks) // 128
        compress_all(state, blocks, constants)

    def counting_columns(signs, columns):
        calls["columns"] += 1
        read_columns(signs, columns)

    crypto_curve.field.run, sha512.compress_all, crypto_curve.read_columns = (
        counting_run,
        counting_compress,
        counting_columns,
    )
    try:
        action()
    finally:
        crypto_curve.field.run, sha512.compress_all, crypto_curve.read_columns = run, compress_all, read_columns
    return calls


def estimates() -> dict[str, tuple[int, float]]:
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
    costs = field_costs() | {"sha512 block": sha512_block_cost(), "columns": columns_cost()}
    return {name: _estimate(times, costs) for name, times in calls.items()}


def _estimate(times: Counter[str], costs: dict[str, tuple[int, int]]) -> tuple[int, float]:
    instructions = sum(costs[name][0] * count for name, count in times.items())
    cycles = sum(costs[name][1] * count for name, count in times.items())
    return instructions, cycles / (MHZ * 1000)


# -- sizes --------------------------------------------------------------------------------------


def image_sizes() -> dict[str, tuple[int, int]]:
    """(bytes of the ROMFS image, budget) by role and board."""
    made = [build.build(role, board.name) for board in boards().values() for role in board.roles]
    return {f"{one.role} {one.board.name}": (len(one.rom), one.budget) for one in made}


def figures() -> dict[str, dict[str, float]]:
    """P9 by name: the value and what it may be at most."""
    estimated = estimates()
    found = {
        f"P9 device {name} on an ESP32, ms (estimate)": {"value": round(estimated[name][1], 1), "at_most": limit}
        for name, limit in (("sign", SIGN_MS), ("verify", VERIFY_MS))
    }
    for name, (size, budget) in image_sizes().items():
        found[f"P9 image of {name}, bytes"] = {"value": size, "at_most": budget}
    return found


if __name__ == "__main__":
    for operation, (instructions, milliseconds) in estimates().items():
        print(f"{operation}: {instructions} Xtensa instructions, {milliseconds:.1f} ms at {MHZ} MHz")
    for image, (size, budget) in image_sizes().items():
        print(f"{image}: {size} bytes (at most {budget})")
