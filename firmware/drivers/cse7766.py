"""
The CSE7766, the metering chip of Sonoff POW-style boards. Nobody asks it: at 4800 baud 8E1 it
sends a frame of 24 bytes about every 50 ms, and energy as a count of pulses (CF).

    0 state   1 0x5A   2 voltage coefficient   5 voltage cycle   8 current coefficient
    11 current cycle   14 power coefficient   17 power cycle   20 updates   21 CF   23 checksum

Voltage, current and power are coefficient / cycle, in V, A and W for a 1 megohm divider
and a 1 milliohm shunt; a CF pulse is power coefficient / 1e6 joules. The checksum has eight
bits, so one broken frame in some hundreds passes it. Two more things must hold: the
coefficients are those of the frames before, and CF moved no further than power can.

Source: CSE7766 user manual (Chipsea), 3.1 and 3.2.
"""

SIZE = 24
BAUD = 4800  # 8 data bits, even parity, 1 stop bit

_HEADER = 0x5A
_NORMAL = 0x55
_UNCALIBRATED = 0xAA
_RANGE = 0xF0  # with these bits for what lies below the chip's range:
_NO_VOLTAGE = 8
_NO_CURRENT = 4
_NO_POWER = 2
_NO_COEFFICIENTS = 1

# Updates byte: which cycle is of a finished measurement; the top bit turns over when CF overflows.
_POWER_READY = 0x10
_CURRENT_READY = 0x20
_VOLTAGE_READY = 0x40
_CF_CARRY = 0x80
_CF_END = 1 << 17

_SILENCE_MS = 1000
_AGREE = 3  # frames before coefficients, or a CF from elsewhere, are believed
_UJ_PER_WH = 3_600_000_000
_TICKS_MASK = 0x3FFFFFFF  # time.ticks_ms wraps


def checksum(frame):
    """The last byte of `frame`: bytes 2 to 22, added up."""
    return sum(frame[2:23]) & 0xFF


# Whether a frame can begin with these bytes (at least one).
def _begins(data):
    state = data[0]
    if state not in (_NORMAL, _UNCALIBRATED) and state & _RANGE != _RANGE:
        return False
    return len(data) < 2 or data[1] == _HEADER


def _number(frame, at):
    return frame[at] << 16 | frame[at + 1] << 8 | frame[at + 2]


class Cse7766:
    """
    voltage_mv, current_ma, power_w: as last measured. energy_wh: since this object was made; an outage
    of the line is counted, too, as long as CF did not go round (70 s at 10 kW).
    health: "ok", "uncalibrated" or "no_coefficients" (then nothing it measures is taken).
    frames, bad_frames: for the counters. voltage_permille and current_permille: the board's divider and shunt.
    """

    def __init__(self, uart, power_w_max=10_000, voltage_permille=1000, current_permille=1000):
        self.voltage_mv = self.current_ma = self.power_w = self.energy_wh = 0
        self.health = "ok"
        self.frames = self.bad_frames = 0
        self._uart = uart
        self._power_w_max = power_w_max
        self._voltage_permille = voltage_permille
        self._current_permille = current_permille
        self._buffer = b""
        self._coefficients = b""
        self._candidate = b""
        self._agreed = 0
        self._pulses = None
        self._stray_pulses = 0
        self._strays = 0
        self._rest_uj = 0
        self._heard_ms = None
        self._counted_ms = 0

    def poll(self, now_ms):
        """Take what has arrived. Returns whether there was a measurement in it."""
        self._buffer += self._uart.read() or b""
        measured = False
        while self._buffer:
            if not _begins(self._buffer):
                self._buffer = self._buffer[1:]
            elif len(self._buffer) < SIZE:
                break
            else:
                measured = self._take(now_ms) or measured
        return measured

    def is_silent(self, now_ms):
        """Whether no measurement came for a second."""
        return self._heard_ms is None or (now_ms - self._heard_ms) & _TICKS_MASK > _SILENCE_MS

    # A frame that fails gives up one byte only: the next may begin inside it.
    def _take(self, now_ms):
        frame = self._buffer[:SIZE]
        if checksum(frame) != frame[23]:
            self.bad_frames += 1
            self._buffer = self._buffer[1:]
            return False
        self._buffer = self._buffer[SIZE:]
        self.health = _health(frame[0])
        if self.health != "ok" or not self._knows(frame):
            return False
        if not self._count(frame, now_ms):
            self.bad_frames += 1
            return False
        self._measure(frame)
        self.frames += 1
        self._heard_ms = now_ms
        return True

    # Coefficients never change while the chip lives.
    def _knows(self, frame):
        coefficients = frame[2:5] + frame[8:11] + frame[14:17]
        if self._coefficients:
            known = coefficients == self._coefficients
            self.bad_frames += not known
            return known
        self._agreed = self._agreed + 1 if coefficients == self._candidate else 1
        self._candidate = coefficients
        if self._agreed < _AGREE:
            return False
        self._coefficients = coefficients
        return True

    # One of three things happened to CF:
    # 1 it is the first: counting begins here
    # 2 it moved as far as power can: that much energy flowed
    # 3 it is somewhere else: noise, or, when the next frames agree, a chip that started again
    def _count(self, frame, now_ms):
        pulses = (frame[20] & _CF_CARRY) << 9 | frame[21] << 8 | frame[22]
        if self._pulses is None:
            self._restart_at(pulses, now_ms)
            return True
        most_uj = (((now_ms - self._counted_ms) & _TICKS_MASK) + 200) * self._power_w_max * 1000
        step_uj = self._energy_uj(frame, pulses - self._pulses)
        if step_uj <= most_uj:
            self._add(step_uj)
            self._restart_at(pulses, now_ms)
            return True
        agrees = self._strays and self._energy_uj(frame, pulses - self._stray_pulses) <= most_uj
        self._strays = self._strays + 1 if agrees else 1
        self._stray_pulses = pulses
        if self._strays < _AGREE:
            return False
        self._restart_at(pulses, now_ms)
        return True

    def _restart_at(self, pulses, now_ms):
        self._pulses = pulses
        self._counted_ms = now_ms
        self._strays = 0

    def _energy_uj(self, frame, pulses):
        energy_uj = pulses % _CF_END * _number(frame, 14)
        return energy_uj * self._voltage_permille // 1000 * self._current_permille // 1000

    def _add(self, energy_uj):
        self._rest_uj += energy_uj
        self.energy_wh += self._rest_uj // _UJ_PER_WH
        self._rest_uj %= _UJ_PER_WH

    # What lies below the chip's range is nothing; what is not ready stays as it was.
    def _measure(self, frame):
        below = frame[0] & 0x0F if frame[0] & _RANGE == _RANGE else 0
        ready = frame[20]
        if below & _NO_VOLTAGE:
            self.voltage_mv = 0
        elif ready & _VOLTAGE_READY:
            self.voltage_mv = _quotient(frame, 2, self._voltage_permille)
        if below & _NO_CURRENT:
            self.current_ma = 0
        elif ready & _CURRENT_READY:
            self.current_ma = _quotient(frame, 8, self._current_permille)
        if below & _NO_POWER:
            self.power_w = 0
        elif ready & _POWER_READY:
            power_mw = _quotient(frame, 14, self._voltage_permille) * self._current_permille // 1000
            self.power_w = (power_mw + 500) // 1000


def _health(state):
    if state == _UNCALIBRATED:
        return "uncalibrated"
    if state & _RANGE == _RANGE and state & _NO_COEFFICIENTS:
        return "no_coefficients"
    return "ok"


# Coefficient / cycle in thousandths; a cycle of 0 is no measurement.
def _quotient(frame, at, permille):
    cycle = _number(frame, at + 3)
    return _number(frame, at) * permille // cycle if cycle else 0
