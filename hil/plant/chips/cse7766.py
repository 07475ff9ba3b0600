"""
The CSE7766 as its UART shows it: a frame of 24 bytes about every 50 ms, unasked. Cycles are
microseconds between pulses whose rate follows the measured quantity, so a quantity is
coefficient / cycle; what is too small for a cycle to end in time is marked in the first byte.

Source: CSE7766 user manual (Chipsea), 3.1 and 3.2. Imports nothing MicroPython lacks.
"""

PERIOD_MS = 50

NORMAL, UNCALIBRATED, NO_COEFFICIENTS = 0x55, 0xAA, 0xF1
_BELOW = (8, 4, 2)  # voltage, current, power
_READY = 0x70
_CYCLE_MAX = 0xFFFFFF


class Cse7766Chip:
    """voltage_mv, current_ma, power_mw: what the board's shunt and divider carry; set them, then let time pass."""

    def __init__(self, coefficients: tuple = (191_200, 16_140, 5_364_000), cf: int = 0):
        self.coefficients = coefficients
        self.voltage_mv = 230_000
        self.current_ma = 0
        self.power_mw = 0
        self.damage = 0  # UNCALIBRATED or NO_COEFFICIENTS to break it
        self._cf = cf  # 17 bits: the carry is the top bit of the updates byte
        self._rest_uj = 0

    def advance(self, elapsed_ms: int) -> None:
        """Let time pass: energy flows and CF counts."""
        self._rest_uj += self.power_mw * elapsed_ms
        pulses, self._rest_uj = divmod(self._rest_uj, self.coefficients[2])
        self._cf = (self._cf + pulses) % (1 << 17)

    def restart(self) -> None:
        """The supply of the chip dipped: CF begins at 0."""
        self._cf = 0
        self._rest_uj = 0

    def frame(self) -> bytes:
        """What it sends now."""
        body = b""
        below = 0
        measured = (self.voltage_mv, self.current_ma, self.power_mw)
        for i, coefficient in enumerate(self.coefficients):
            cycle = _cycle(coefficient, measured[i])
            below |= 0 if cycle else _BELOW[i]
            body += coefficient.to_bytes(3, "big") + (cycle or _CYCLE_MAX).to_bytes(3, "big")
        body += bytes((_READY | self._cf >> 16 << 7,)) + (self._cf & 0xFFFF).to_bytes(2, "big")
        state = self.damage or (0xF0 | below if below else NORMAL)
        return bytes((state, 0x5A)) + body + bytes((sum(body) & 0xFF,))


def _cycle(coefficient: int, milli: int) -> int:
    """Microseconds between two pulses; 0 where they are too far apart to measure."""
    cycle = coefficient * 1000 // milli if milli > 0 else _CYCLE_MAX
    return cycle if cycle < _CYCLE_MAX else 0
