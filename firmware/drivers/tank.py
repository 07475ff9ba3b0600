"""The water tank's temperature sensor: 0 to 3.3 V stand for 0 to 100 degC."""

_UV_MAX = 3300000
# A broken wire shows one end of the range or the other: no tank is that cold or that hot.
_UV_BROKEN_LOW, _UV_BROKEN_HIGH = 33000, 3267000


def decode(uv):
    """The temperature in thousandths of a degC, or None when the sensor is broken."""
    if not _UV_BROKEN_LOW <= uv <= _UV_BROKEN_HIGH:
        return None
    return uv * 100000 // _UV_MAX


def read(adc):
    """The temperature at `adc` (machine.ADC)."""
    return decode(adc.read_uv())
