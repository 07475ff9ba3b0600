"""
A RISC-V core (RV32IMC) in Python, as far as mpy-cross uses it for viper functions
(-march=rv32imc): see `core`. What is not decoded raises.

Source: The RISC-V Instruction Set Manual, Volume I: 24 (instruction listings), 16 (compressed).
"""

from collections import Counter

from tests.bench.core import ARGUMENTS, CODE, MASK, RETURN, RUNTIME, STACK, load, signed, store

_RA, _SP, _A0 = 1, 2, 10


class Riscv:
    """As `core.Core`."""

    def __init__(self) -> None:
        self.memory = bytearray(0x10000)
        self.counts: Counter[str] = Counter()
        self._x = [0] * 32
        self._pc = 0
        self._next = 0

    def call(self, code: bytes, *arguments: int) -> int:
        """Runs a viper function; returns how many instructions it took."""
        self.memory[CODE : CODE + len(code)] = code
        for index, argument in enumerate(arguments):
            store(self.memory, ARGUMENTS + 4 * index, argument, 4)
        self._x = [0] * 32
        self._x[_RA], self._x[_SP] = RETURN, STACK
        self._x[_A0 : _A0 + 4] = RUNTIME, len(arguments), 0, ARGUMENTS  # the function object, n_args, n_kw, args
        self._pc = CODE
        before = self.counts.total()
        while self._pc != RETURN:
            self._step()
        return self.counts.total() - before

    def _set(self, register: int, value: int) -> None:
        if register:
            self._x[register] = value & MASK

    def _step(self) -> None:
        word = int.from_bytes(self.memory[self._pc : self._pc + 4], "little")
        size = 4 if word & 3 == 3 else 2
        self._next = self._pc + size
        kind = self._whole(word) if size == 4 else self._compressed(word & 0xFFFF)
        self.counts[kind] += 1
        self._pc = self._next

    # -- control ------------------------------------------------------------------------------

    def _branch(self, taken: bool, offset: int) -> str:
        if taken:
            self._next = self._pc + offset
        return "branch taken" if taken else "branch not taken"

    # A call into the runtime leaves its first argument, in a0, as the result.
    def _jump(self, target: int, link: int) -> str:
        if target >= RUNTIME and target != RETURN:
            if not link:
                self._next = self._x[_RA]
            return "call"
        self._set(link, self._next)
        self._next = target
        return "branch taken"

    # -- 32 bits ------------------------------------------------------------------------------

    def _whole(self, word: int) -> str:
        operation, to, function = word & 0x7F, word >> 7 & 31, word >> 12 & 7
        left, right = self._x[word >> 15 & 31], self._x[word >> 20 & 31]
        immediate = signed(word >> 20, 12)
        match operation:
            case 0x37:
                self._set(to, word & 0xFFFFF000)
            case 0x17:
                self._set(to, self._pc + (word & 0xFFFFF000))
            case 0x6F:
                offset = (
                    word >> 31 << 20 | (word >> 12 & 0xFF) << 12 | (word >> 20 & 1) << 11 | (word >> 21 & 0x3FF) << 1
                )
                return self._jump(self._pc + signed(offset, 21), to)
            case 0x67:
                return self._jump(left + immediate & MASK & ~1, to)
            case 0x63:
                offset = word >> 31 << 12 | (word >> 7 & 1) << 11 | (word >> 25 & 0x3F) << 5 | (word >> 8 & 0xF) << 1
                return self._branch(_compare(function, left, right), signed(offset, 13))
            case 0x03:
                self._set(to, self._loaded(function, left + immediate & MASK))
                return "load"
            case 0x23:
                offset = signed(word >> 25 << 5 | word >> 7 & 31, 12)
                store(self.memory, left + offset & MASK, right, 1 << function)
                return "store"
            case 0x13:
                self._set(to, _computed(function, left, immediate & MASK, function == 5 and bool(word >> 30 & 1)))
            case 0x33 if word >> 25 == 1 and function == 0:
                self._set(to, left * right)
                return "multiply"
            case 0x33 if word >> 25 in (0, 0x20):
                self._set(to, _computed(function, left, right, bool(word >> 30 & 1)))
            case _:
                raise NotImplementedError(hex(word))
        return "alu"

    def _loaded(self, function: int, address: int) -> int:
        size = 1 << (function & 3)
        value = load(self.memory, address, size)
        return value if function & 4 or size == 4 else signed(value, 8 * size)

    # -- 16 bits ------------------------------------------------------------------------------

    def _compressed(self, word: int) -> str:
        quadrant, function = word & 3, word >> 13
        if quadrant == 0:
            return self._compressed_memory(word, function)
        if quadrant == 1:
            return self._compressed_immediate(word, function)
        return self._compressed_registers(word, function)

    def _compressed_memory(self, word: int, function: int) -> str:
        near, base = 8 + (word >> 2 & 7), self._x[8 + (word >> 7 & 7)]
        if function == 0:
            offset = (word >> 11 & 3) << 4 | (word >> 7 & 15) << 6 | (word >> 6 & 1) << 2 | (word >> 5 & 1) << 3
            assert offset, hex(word)
            self._set(near, self._x[_SP] + offset)
            return "alu"
        offset = (word >> 10 & 7) << 3 | (word >> 6 & 1) << 2 | (word >> 5 & 1) << 6
        if function == 2:
            self._set(near, load(self.memory, base + offset & MASK, 4))
            return "load"
        if function == 6:
            store(self.memory, base + offset & MASK, self._x[near], 4)
            return "store"
        raise NotImplementedError(hex(word))

    def _compressed_immediate(self, word: int, function: int) -> str:
        to, near = word >> 7 & 31, 8 + (word >> 7 & 7)
        immediate = signed((word >> 12 & 1) << 5 | word >> 2 & 31, 6)
        if function == 0:
            self._set(to, self._x[to] + immediate)
        elif function in (1, 5):
            return self._jump(self._pc + _jump_offset(word), _RA if function == 1 else 0)
        elif function == 2:
            self._set(to, immediate)
        elif function == 3 and to == _SP:
            bits = (word >> 12 & 1) << 9 | (word >> 6 & 1) << 4 | (word >> 5 & 1) << 6 | (word >> 3 & 3) << 7
            self._set(_SP, self._x[_SP] + signed(bits | (word >> 2 & 1) << 5, 10))
        elif function == 3:
            self._set(to, immediate << 12)
        elif function == 4:
            self._set(near, self._narrow(word, self._x[near], immediate))
        else:
            offset = (word >> 12 & 1) << 8 | (word >> 5 & 3) << 6 | (word >> 2 & 1) << 5
            offset |= (word >> 10 & 3) << 3 | (word >> 3 & 3) << 1
            return self._branch((self._x[near] == 0) == (function == 6), signed(offset, 9))
        return "alu"

    def _narrow(self, word: int, left: int, immediate: int) -> int:
        right = self._x[8 + (word >> 2 & 7)]
        match word >> 10 & 3:
            case 0:
                return left >> (immediate & 31)
            case 1:
                return signed(left) >> (immediate & 31)
            case 2:
                return left & immediate
        assert not word >> 12 & 1, hex(word)
        return (left - right, left ^ right, left | right, left & right)[word >> 5 & 3]

    def _compressed_registers(self, word: int, function: int) -> str:
        to, other = word >> 7 & 31, word >> 2 & 31
        if function == 0:
            self._set(to, self._x[to] << other)
        elif function == 2:
            offset = (word >> 12 & 1) << 5 | (word >> 4 & 7) << 2 | (word >> 2 & 3) << 6
            self._set(to, load(self.memory, self._x[_SP] + offset & MASK, 4))
            return "load"
        elif function == 4 and other:
            self._set(to, self._x[other] + (self._x[to] if word >> 12 & 1 else 0))
        elif function == 4:
            return self._jump(self._x[to], _RA if word >> 12 & 1 else 0)
        elif function == 6:
            offset = (word >> 9 & 15) << 2 | (word >> 7 & 3) << 6
            store(self.memory, self._x[_SP] + offset & MASK, self._x[other], 4)
            return "store"
        else:
            raise NotImplementedError(hex(word))
        return "alu"


def _jump_offset(word: int) -> int:
    bits = (word >> 12 & 1) << 11 | (word >> 11 & 1) << 4 | (word >> 9 & 3) << 8 | (word >> 8 & 1) << 10
    return signed(bits | (word >> 7 & 1) << 6 | (word >> 6 & 1) << 7 | (word >> 3 & 7) << 1 | (word >> 2 & 1) << 5, 12)


def _compare(function: int, left: int, right: int) -> bool:
    if function in (0, 1):
        return (left == right) == (function == 0)
    is_less = left < right if function & 2 else signed(left) < signed(right)
    return is_less == (not function & 1)


def _computed(function: int, left: int, right: int, alternative: bool) -> int:
    match function:
        case 0:
            return left - right if alternative else left + right
        case 1:
            return left << (right & 31)
        case 2:
            return int(signed(left) < signed(right))
        case 3:
            return int(left < right)
        case 4:
            return left ^ right
        case 5:
            return signed(left) >> (right & 31) if alternative else left >> (right & 31)
        case 6:
            return left | right
    return left & right
