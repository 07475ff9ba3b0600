"""
An Xtensa core in Python, as far as mpy-cross uses it for viper functions (-march=xtensawin):
see `core`. What is not decoded raises.

Source: Xtensa Instruction Set Architecture Reference Manual, 8.2 and 7.3.
"""

from collections import Counter

from tests.bench.core import ARGUMENTS, CODE, MASK, RETURN, RUNTIME, STACK, load, signed, store


class Xtensa:
    """As `core.Core`."""

    def __init__(self) -> None:
        self.memory = bytearray(0x10000)
        self.counts: Counter[str] = Counter()
        self._a = [0] * 16
        self._shift = 0
        self._pc = 0

    def call(self, code: bytes, *arguments: int) -> int:
        """Runs a viper function; returns how many instructions it took."""
        self.memory[CODE : CODE + len(code)] = code
        for index, argument in enumerate(arguments):
            self._store(ARGUMENTS + 4 * index, argument, 4)
        self._a = [0] * 16
        self._a[0], self._a[1] = RETURN, STACK
        self._a[2:6] = RUNTIME, len(arguments), 0, ARGUMENTS  # the function object, n_args, n_kw, args
        self._pc = CODE
        before = self.counts.total()
        while self._pc != RETURN:
            self._step()
        return self.counts.total() - before

    # -- memory -----------------------------------------------------------------------------

    def _load(self, address: int, size: int) -> int:
        return load(self.memory, address, size)

    def _store(self, address: int, value: int, size: int) -> None:
        store(self.memory, address, value, size)

    # -- one instruction --------------------------------------------------------------------

    def _step(self) -> None:
        word = int.from_bytes(self.memory[self._pc : self._pc + 3], "little")
        op0, t, s, r = word & 15, word >> 4 & 15, word >> 8 & 15, word >> 12 & 15
        here = self._pc
        self._pc += 2 if op0 >= 8 else 3
        if op0 == 0:
            kind = self._arithmetic(word, t, s, r)
        elif op0 == 1:
            at = ((here + 3) & ~3) + (signed(word >> 8, 16) << 2)
            self._a[t] = self._load(at, 4)
            kind = "load"
        elif op0 == 2:
            kind = self._memory(word >> 16, t, s, r)
        elif op0 == 6:
            kind = self._jump(word, t, s, r, here)
        elif op0 == 7:
            kind = self._branch(self._compare(t, s, r), here + 4 + signed(word >> 16, 8))
        else:
            kind = self._narrow(op0, t, s, r, here)
        self.counts[kind] += 1

    def _arithmetic(self, word: int, t: int, s: int, r: int) -> str:
        a, op = self._a, (word >> 16 & 15, word >> 20)
        if op == (0, 0):
            return self._call_or_return(t, s, r)
        if op == (0, 4):  # SSR, SSL
            assert r in (0, 1), hex(word)
            self._shift = a[s] & 31 if r == 0 else 32 - (a[s] & 31)
            return "alu"
        if op[0] in (4, 5):
            a[r] = a[t] >> (s | (op[0] & 1) << 4) & ((2 << op[1]) - 1)
            return "alu"
        a[r] = self._result(op, t, s, word) & MASK
        return "multiply" if op == (2, 8) else "alu"

    def _result(self, op: tuple[int, int], t: int, s: int, word: int) -> int:
        left, right = self._a[s], self._a[t]
        match op:
            case (0, 1):
                return left & right
            case (0, 2):
                return left | right
            case (0, 3):
                return left ^ right
            case (0, 6):
                assert s in (0, 1), hex(word)
                return -right if s == 0 else abs(signed(right))
            case (0, 8 | 9 | 10 | 11):
                return (left << op[1] - 8) + right
            case (0, 12 | 13 | 14 | 15):
                return (left << op[1] - 12) - right
            case (1, 0 | 1):
                return left << 32 - (t | (op[1] & 1) << 4)
            case (1, 2 | 3):
                return signed(right) >> (s | (op[1] & 1) << 4)
            case (1, 4):
                return right >> s
            case (1, 9):
                return right >> self._shift
            case (1, 10):
                return left << 32 - self._shift
            case (1, 11):
                return signed(right) >> self._shift
            case (2, 8):
                return left * right
        raise NotImplementedError(hex(word))

    def _call_or_return(self, t: int, s: int, r: int) -> str:
        if (r, t) in ((0, 8), (0, 9)):
            self._pc = RETURN
        elif r == 0 and t >> 2 == 3:
            assert self._a[s] >= RUNTIME, "a call of something else than the runtime"
            return "call"  # a10 is the first argument and the result
        elif r != 2:
            raise NotImplementedError(f"r={r} t={t}")
        return "alu"

    def _memory(self, immediate: int, t: int, s: int, r: int) -> str:
        a = self._a
        if r == 10:
            a[t] = signed(s << 8 | immediate, 12) & MASK
            return "alu"
        if r in (12, 13):
            a[t] = a[s] + (signed(immediate, 8) << (8 if r == 13 else 0)) & MASK
            return "alu"
        size = 1 << (r & 3)
        address = a[s] + immediate * size & MASK
        if r in (0, 1, 2):
            a[t] = self._load(address, size)
            return "load"
        if r in (4, 5, 6):
            self._store(address, a[t], size)
            return "store"
        raise NotImplementedError(f"memory r={r}")

    def _jump(self, word: int, t: int, s: int, r: int, here: int) -> str:
        kind, how, value = t & 3, t >> 2, self._a[s]
        if kind == 0:
            return self._branch(True, here + 4 + signed(word >> 6, 18))
        if kind == 1:
            taken = (value == 0, value != 0, signed(value) < 0, signed(value) >= 0)[how]
            return self._branch(taken, here + 4 + signed(word >> 12, 12))
        if kind == 3 and how == 0:
            self._a[s] -= word >> 12 << 3  # ENTRY
            return "alu"
        raise NotImplementedError(hex(word))

    def _compare(self, t: int, s: int, r: int) -> bool:
        left, right = self._a[s], self._a[t]
        conditions = {
            1: left == right,
            2: signed(left) < signed(right),
            3: left < right,
            9: left != right,
            10: signed(left) >= signed(right),
            11: left >= right,
        }
        return conditions[r]

    def _branch(self, taken: bool, target: int) -> str:
        if taken:
            self._pc = target
        return "branch taken" if taken else "branch not taken"

    def _narrow(self, op0: int, t: int, s: int, r: int, here: int) -> str:
        a = self._a
        if op0 == 8:
            a[t] = self._load(a[s] + 4 * r, 4)
            return "load"
        if op0 == 9:
            self._store(a[s] + 4 * r, a[t], 4)
            return "store"
        if op0 == 10:
            a[r] = a[s] + a[t] & MASK
        elif op0 == 11:
            a[r] = a[s] + (t or -1) & MASK
        elif op0 == 12 and t < 8:
            value = t << 4 | r
            a[s] = (value - 128 if value >= 96 else value) & MASK
        elif op0 == 12:
            taken = (a[s] != 0) if t & 4 else (a[s] == 0)
            return self._branch(taken, here + 4 + ((t & 3) << 4 | r))
        elif op0 == 13 and r == 0:
            a[t] = a[s]
        elif op0 == 13 and r == 15 and t in (0, 1):
            self._pc = RETURN
        elif not (op0 == 13 and r == 15 and t == 3):
            raise NotImplementedError(f"narrow {op0} {t} {s} {r}")
        return "alu"
