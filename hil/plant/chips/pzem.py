"""
The PZEM-004T v3: one branch of a household's wiring. It measures magnitudes only:
power has no sign and the one energy register counts both directions.

Input registers (function 4): voltage 0.1 V, current mA (2), power 0.1 W (2), energy Wh
(2), frequency 0.1 Hz, power factor 0.01, alarm; 32-bit values low word first. Holding
registers (functions 3 and 6): 1 alarm threshold in W, 2 slave address. Function 0x42
resets energy. 0xF8 is answered by any slave. Source: PZEM-004T V3.0 user manual, 2.3-2.6.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from . import modbus
from .modbus import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusException, Request

GENERAL_ADDRESS = 0xF8
RESET_ENERGY = 0x42
_THRESHOLD, _ADDRESS = 1, 2
_ALARM = 0xFFFF
_ENERGY_WH_END = 10_000_000  # the counter shows 0..9999.99 kWh and starts again


class Branch(NamedTuple):
    """What the clamp sees."""

    voltage_v: float
    power_w: float
    apparent_power_va: float
    frequency_hz: float
    energy_wh: float


class Pzem:
    turnaround_ms = 20

    def __init__(self, address: int, branch: Callable[[], Branch | None], energy_wh: int):
        """`branch` returns None while no mains feeds the chip; `energy_wh` is what it counted in its life before."""
        self.address = address
        self._branch = branch
        self._before_wh = energy_wh
        self._threshold_w = 23_000

    def answer(self, frame: bytes) -> bytes:
        branch = self._branch()
        if branch is None:
            return b""
        request = modbus.opened(frame)
        if request is None or request.address not in (self.address, GENERAL_ADDRESS):
            return b""
        if request.function == RESET_ENERGY and not request.data:
            self._before_wh = -int(branch.energy_wh)
            return modbus.reply(request, b"")
        return modbus.serve(
            request.address,
            frame,
            {
                modbus.READ_INPUT: lambda r: _slice(self._measured(branch), 0, r),
                modbus.READ_HOLDING: lambda r: _slice([self._threshold_w, self.address], _THRESHOLD, r),
                modbus.WRITE_SINGLE: self._write,
            },
        )

    def _measured(self, branch: Branch) -> list[int]:
        """The ten input registers."""
        current_ma = round(branch.apparent_power_va / branch.voltage_v * 1000)
        power_dw = round(abs(branch.power_w) * 10)
        energy_wh = int(self._before_wh + branch.energy_wh) % _ENERGY_WH_END
        factor = abs(branch.power_w) / branch.apparent_power_va if branch.apparent_power_va else 0.0
        return [
            round(branch.voltage_v * 10),
            *_low_first(current_ma),
            *_low_first(power_dw if power_dw >= 4 else 0),  # it starts to measure at 0.4 W
            *_low_first(energy_wh),
            round(branch.frequency_hz * 10),
            round(factor * 100),
            _ALARM if abs(branch.power_w) > self._threshold_w else 0,
        ]

    def _write(self, request: Request) -> bytes:
        ((register, value),) = modbus.written(request).items()
        if register == _THRESHOLD:
            self._threshold_w = value
        elif register == _ADDRESS:
            if not 1 <= value <= 0xF7:
                raise ModbusException(ILLEGAL_VALUE)
            self.address = value
        else:
            raise ModbusException(ILLEGAL_ADDRESS)
        return struct.pack(">HH", register, value)


def _low_first(value: int) -> tuple[int, int]:
    return value & 0xFFFF, value >> 16


def _slice(registers: list[int], start: int, request: Request) -> bytes:
    first, count = modbus.span(request.data)
    if not start <= first <= first + count <= start + len(registers):
        raise ModbusException(ILLEGAL_ADDRESS)
    return modbus.words(registers[first - start : first - start + count])
