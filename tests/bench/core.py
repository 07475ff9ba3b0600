"""
A processor core in Python, as far as mpy-cross uses it for viper functions: it runs their machine code
and counts instructions by kind. `xtensa` and `riscv` are the two.

Calls into MicroPython's runtime return their first argument: a viper function makes them
only to convert its arguments, which are given as plain numbers here.
"""

from collections import Counter
from typing import Protocol

RUNTIME = 0x70000000  # every word from here on points here: objects, tables and functions of the runtime
STACK, ARGUMENTS, CODE = 0x8000, 0x9000, 0xA000
RETURN = 0xFFFF0000
MASK = 0xFFFFFFFF


class Core(Protocol):
    """memory: 64 KB, free below 0x7000 for what a function is given. counts: instructions by kind."""

    memory: bytearray
    counts: Counter[str]

    def call(self, code: bytes, *arguments: int) -> int:
        """Runs a viper function; returns how many instructions it took."""
        ...


def signed(value: int, bits: int = 32) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def load(memory: bytearray, address: int, size: int) -> int:
    if address >= RUNTIME:
        return RUNTIME
    return int.from_bytes(memory[address : address + size], "little")


def store(memory: bytearray, address: int, value: int, size: int) -> None:
    memory[address : address + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
