"""
The Eastron SDM230: the meter in an M-LMD, at the junction of its micro area. Import is
positive. Every value is a float32 over two input registers, high word first (function 4);
settings are holding registers (function 3). Its energy registers count whole Wh, in kWh.

Source: Eastron SDM230-Modbus protocol, table of input registers; reserved registers read 0.
"""

import struct
from collections.abc import Callable
from math import atan2, degrees, hypot
from typing import NamedTuple

from . import modbus
from .modbus import ILLEGAL_ADDRESS, ModbusException, Request

_REGISTERS_END = 0x0184
_COUNT_MAX = 80  # forty values a request
_SETTINGS = {0x000C: 60.0, 0x0012: 0.0, 0x0014: 1.0, 0x001C: 2.0}  # pulse ms, 8N1, address, 9600 baud


class Junction(NamedTuple):
    """What the meter at the junction sees."""

    voltage_v: float
    power_w: float  # import positive
    reactive_power_var: float
    frequency_hz: float
    import_wh: float
    export_wh: float


class Sdm230:
    turnaround_ms = 40

    def __init__(self, address: int, junction: Callable[[], Junction], import_wh: int, export_wh: int):
        """The two energies are what it counted in its life before."""
        self.address = address
        self._junction = junction
        self._before_wh = (import_wh, export_wh)

    def answer(self, frame: bytes) -> bytes:
        return modbus.serve(
            self.address,
            frame,
            {
                modbus.READ_INPUT: lambda r: _floats(self._measured(), r),
                modbus.READ_HOLDING: lambda r: _floats(_SETTINGS | {0x0014: float(self.address)}, r),
            },
        )

    def _measured(self) -> dict[int, float]:
        """Register -> value."""
        at = self._junction()
        apparent_va = hypot(at.power_w, at.reactive_power_var)
        import_kwh = int(self._before_wh[0] + at.import_wh) / 1000
        export_kwh = int(self._before_wh[1] + at.export_wh) / 1000
        return {
            0x0000: at.voltage_v,
            0x0006: apparent_va / at.voltage_v,
            0x000C: at.power_w,
            0x0012: apparent_va,
            0x0018: at.reactive_power_var,
            0x001E: at.power_w / apparent_va if apparent_va else 1.0,
            0x0024: degrees(atan2(at.reactive_power_var, at.power_w)),
            0x0046: at.frequency_hz,
            0x0048: import_kwh,
            0x004A: export_kwh,
            0x0156: import_kwh + export_kwh,
        }


def _floats(values: dict[int, float], request: Request) -> bytes:
    first, count = modbus.span(request.data)
    if first % 2 or count % 2 or count > _COUNT_MAX or first + count > _REGISTERS_END:
        raise ModbusException(ILLEGAL_ADDRESS)
    data = b"".join(struct.pack(">f", values.get(register, 0.0)) for register in range(first, first + count, 2))
    return bytes((len(data),)) + data
