"""
The Eastron SDM230 at an M-LMD's junction: both directions, each with its own energy
counter. Its registers are float32; they are turned into whole numbers here, by integer
arithmetic, because an ESP32's own floats would round.

Source: Eastron SDM230-Modbus protocol, input registers.
"""

from collections import namedtuple

_VOLTAGE, _POWER = 0x0000, 0x000C
_FREQUENCY, _IMPORT, _EXPORT = 0x0046, 0x0048, 0x004A

Junction = namedtuple("Junction", ("voltage_mv", "power_w", "import_wh", "export_wh", "frequency_mhz"))


def times(data, factor):
    """A float32 (4 bytes, big-endian) times `factor`, rounded to the nearest whole number, halves away from zero."""
    bits = int.from_bytes(data, "big")
    exponent = bits >> 23 & 0xFF
    fraction = bits & 0x7FFFFF
    if exponent == 0xFF:
        raise ValueError("not a number")
    scaled = (fraction | 0x800000 if exponent else fraction << 1) * factor
    shift = 150 - exponent
    magnitude = (scaled + (1 << shift >> 1)) >> shift if shift > 0 else scaled << -shift
    return -magnitude if bits >> 31 else magnitude


def _at(data, first, register, factor):
    offset = 2 * (register - first)
    return times(data[offset : offset + 4], factor)


async def read(bus, address):
    """The Junction that the meter at `address` measures. Raises ModbusError."""
    power = await bus.read_input(address, _VOLTAGE, 14)
    energy = await bus.read_input(address, _FREQUENCY, 6)
    return Junction(
        _at(power, _VOLTAGE, _VOLTAGE, 1000),
        _at(power, _VOLTAGE, _POWER, 1),
        _at(energy, _FREQUENCY, _IMPORT, 1000),
        _at(energy, _FREQUENCY, _EXPORT, 1000),
        _at(energy, _FREQUENCY, _FREQUENCY, 1000),
    )
