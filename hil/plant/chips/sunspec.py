"""
The battery inverter's SunSpec map: common model 1, inverter model 103, storage model
124, at base 40000. Model 103's W is AC power, positive when the inverter delivers
(the battery discharges).

Model 124's InWRte and OutWRte are limits of charging and of discharging in percent of
WChaMax, each in force when its bit of StorCtl_Mod is set (bit 0: charge, bit 1:
discharge). This inverter has no energy manager of its own, so inside the limits it
goes as far as they let it in the one direction they leave open; a negative limit
forces the other direction, as inverters in the field do; with both directions open
or none it rests at 0 W. After InOutWRte_RvrtTms seconds without another write (0: never)
it goes back to rest by itself.

Source: SunSpec Information Model Reference, models 1, 103, 124.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from . import modbus
from .modbus import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusException, Request

BASE = 40000
_COMMON = BASE + 2
_INVERTER = _COMMON + 68
_STORAGE = _INVERTER + 52
_END = _STORAGE + 26

STOR_CTL_MOD = _STORAGE + 5
OUT_W_RTE = _STORAGE + 12
IN_W_RTE = _STORAGE + 13
WINDOW_S = _STORAGE + 14  # taken and ignored: no random delay
REVERT_S = _STORAGE + 15

_NOT_IMPLEMENTED = 0xFFFF
_NOT_IMPLEMENTED_SIGNED = 0x8000
_RATE_SF = -2  # InWRte and OutWRte in 0.01 %
_SOC_SF = -2  # ChaState in 0.01 %
_RATE_MAX = 10_000
_STANDBY, _MPPT = 8, 4  # model 103 St
_DISCHARGING, _CHARGING, _HOLDING = 3, 4, 6  # model 124 ChaSt


class State(NamedTuple):
    """What the inverter knows of itself."""

    voltage_v: float
    power_w: float  # charging positive
    frequency_hz: float
    soc: float  # 0..1
    discharged_wh: float


class SunSpecInverter:
    turnaround_ms = 30

    def __init__(
        self,
        address: int,
        charge_w_max: int,
        reserve_percent: int,
        state: Callable[[], State | None],
        set_point: Callable[[float, int], None],
    ):
        """`state`: None without mains. `set_point`: W, charging positive, and for how many s (0: for good)."""
        self.address = address
        self._charge_w_max = charge_w_max
        self._reserve_percent = reserve_percent
        self._state = state
        self._set_point = set_point
        self._control = {STOR_CTL_MOD: 0, OUT_W_RTE: _RATE_MAX, IN_W_RTE: _RATE_MAX, WINDOW_S: 0, REVERT_S: 0}

    def answer(self, frame: bytes) -> bytes:
        state = self._state()
        if state is None:
            return b""
        return modbus.serve(
            self.address,
            frame,
            {
                modbus.READ_HOLDING: lambda request: self._read(state, request),
                modbus.WRITE_SINGLE: self._write,
                modbus.WRITE_MULTIPLE: self._write,
            },
        )

    def _read(self, state: State, request: Request) -> bytes:
        first, count = modbus.span(request.data)
        if not BASE <= first <= first + count <= _END + 2:
            raise ModbusException(ILLEGAL_ADDRESS)
        registers = [*_MARKER, *_COMMON_MODEL, *self._inverter(state), *self._storage(state), *_END_MODEL]
        return modbus.words(registers[first - BASE : first - BASE + count])

    def _write(self, request: Request) -> bytes:
        values = modbus.written(request)
        if not values.keys() <= self._control.keys():
            raise ModbusException(ILLEGAL_ADDRESS)
        rates = [_signed(values[register]) for register in (OUT_W_RTE, IN_W_RTE) if register in values]
        if values.get(STOR_CTL_MOD, 0) > 3 or any(abs(rate) > _RATE_MAX for rate in rates):
            raise ModbusException(ILLEGAL_VALUE)
        self._control |= values
        self._set_point(self._charge_w_max * self._rate(), self._control[REVERT_S])
        return request.data[:4]  # function 6 echoes register and value, function 16 first and count

    def _rate(self) -> float:
        """Share of WChaMax to charge with; discharging negative."""
        mode = self._control[STOR_CTL_MOD]
        if mode == 0:
            return 0.0
        upper = _signed(self._control[IN_W_RTE]) / _RATE_MAX if mode & 1 else 0.0
        lower = -_signed(self._control[OUT_W_RTE]) / _RATE_MAX if mode & 2 else 0.0
        if lower >= 0:
            return upper
        return lower if upper <= 0 else 0.0

    def _inverter(self, state: State) -> list[int]:
        """Model 103, three phase, integers with scale factors."""
        phase_a = round(abs(state.power_w) / 3 / state.voltage_v * 100)
        phase_v = round(state.voltage_v * 10)
        line_v = round(state.voltage_v * 3**0.5 * 10)
        watts = round(-state.power_w)
        energy_wh = int(state.discharged_wh)
        return [
            *(103, 50),
            *(phase_a * 3, phase_a, phase_a, phase_a, _scale(-2)),
            *(line_v, line_v, line_v, phase_v, phase_v, phase_v, _scale(-1)),
            *(watts & 0xFFFF, 0),
            *(round(state.frequency_hz * 100), _scale(-2)),
            *(abs(watts), 0),
            *(0, 0),
            *(100, _scale(-2)),
            *(energy_wh >> 16, energy_wh & 0xFFFF, 0),
            *([_NOT_IMPLEMENTED, _NOT_IMPLEMENTED_SIGNED] * 2 + [_NOT_IMPLEMENTED_SIGNED] * 2),
            *([_NOT_IMPLEMENTED_SIGNED] * 5),
            *(_MPPT if watts else _STANDBY, _NOT_IMPLEMENTED),
            *([0] * 12),
        ]

    def _storage(self, state: State) -> list[int]:
        """Model 124."""
        doing = _CHARGING if state.power_w > 0 else _DISCHARGING if state.power_w < 0 else _HOLDING
        return [
            *(124, 24),
            *(self._charge_w_max, 100, 100, self._control[STOR_CTL_MOD], _NOT_IMPLEMENTED),
            *(self._reserve_percent, round(state.soc * 10_000), _NOT_IMPLEMENTED, _NOT_IMPLEMENTED, doing),
            *(self._control[OUT_W_RTE], self._control[IN_W_RTE]),
            *(self._control[WINDOW_S], self._control[REVERT_S], _NOT_IMPLEMENTED),  # no ramp
            1,  # ChaGriSet: charging from the grid is allowed
            *(0, 0, _NOT_IMPLEMENTED_SIGNED, 0, _scale(_SOC_SF)),
            *(_NOT_IMPLEMENTED_SIGNED, _NOT_IMPLEMENTED_SIGNED, _scale(_RATE_SF)),
        ]


def _scale(exponent: int) -> int:
    return exponent & 0xFFFF


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word


def _text(value: str, registers: int) -> tuple[int, ...]:
    return struct.unpack(f">{registers}H", value.encode().ljust(2 * registers, b"\0"))


_MARKER = _text("SunS", 2)
_COMMON_MODEL = [
    *(1, 66),
    *_text("Gridtide bench", 16),
    *_text("Battery inverter", 16),
    *_text("", 8),
    *_text("1.0", 8),
    *_text("1", 16),
    *(10, 0),
]
_END_MODEL = (0xFFFF, 0)
