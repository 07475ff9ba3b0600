"""
The PZEM-004T v3, the metering chip of one branch: magnitudes only, power has no sign and
the one energy counter counts both directions.

Source: PZEM-004T V3.0 user manual, 2.3: input registers 0 to 9, 32-bit values low word first.
"""

import struct
from collections import namedtuple

REGISTERS = 10
ENERGY_WH_END = 10000000  # it shows 0 to 9999.99 kWh and starts again

Branch = namedtuple("Branch", ("voltage_mv", "current_ma", "power_w", "energy_wh", "frequency_mhz"))


def decode(data):
    """The Branch in the chip's ten input registers (20 bytes)."""
    voltage_dv, current_low, current_high, power_low, power_high, energy_low, energy_high, frequency_dhz, _, _ = (
        struct.unpack(">10H", data)
    )
    power_dw = power_high << 16 | power_low
    return Branch(
        voltage_dv * 100,
        current_high << 16 | current_low,
        (power_dw + 5) // 10,
        energy_high << 16 | energy_low,
        frequency_dhz * 100,
    )


async def read(bus, address):
    """The Branch the chip at `address` measures. Raises ModbusError."""
    return decode(await bus.read_input(address, 0, REGISTERS))
