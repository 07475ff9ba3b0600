"""
What an M-LMD's breaker sees of its junction: a current transformer and a divider, each
turned into an rms value that an analog input reads, and the supervision line that is high
while anything is out of its ordinary range.

An rms value lags: it is taken over a half-wave, so a current that has flown for 4 ms shows
as the root of 4/10 of it.
"""

from math import ceil, sqrt
from typing import NamedTuple

CURRENT_PIN = 35  # ADC, 0..3.3 V = 0..25 times rated current
VOLTAGE_PIN = 33  # ADC, 0..3.3 V = 0..500 V
SUPERVISION_PIN = 32  # in, 1 = out of range
HALF_WAVE_MS = 10
CURVE = "C"
RATED_A_MIN = 63  # a household's service is fused at that
_SIZES_A = (63, 80, 100, 125)
_UV_MAX = 3_300_000
_OVER_IN, _OVER_V = 25, 500
_ALERT_SHARE = 0.9
_HEALTHY_V = (207.0, 253.0)
_HEALTHY_HZ = 49.9
_SUSTAINED = 1.6  # what the area's limit may be passed by without a trip


class Sight(NamedTuple):
    """The junction now: what flows in the ordinary way, and a short circuit that began fault_ms ago."""

    current_a: float
    voltage_v: float
    fault_a: float
    fault_ms: int
    frequency_hz: float

    @property
    def rms_a(self) -> float:
        share = min(1.0, self.fault_ms / HALF_WAVE_MS)
        return sqrt(self.current_a**2 + self.fault_a**2 * share)


def rated_a(power_w_max: int) -> int:
    """The breaker of an area with this limit."""
    wanted = power_w_max * _SUSTAINED / 230
    return next((size for size in _SIZES_A if size >= max(RATED_A_MIN, wanted)), ceil(wanted / 50) * 50)


def current_uv(sight: Sight, rated: int) -> int:
    return min(_UV_MAX, round(sight.rms_a / rated / _OVER_IN * _UV_MAX))


def voltage_uv(sight: Sight) -> int:
    return min(_UV_MAX, round(sight.voltage_v / _OVER_V * _UV_MAX))


def is_alert(sight: Sight, rated: int) -> bool:
    """The level of the supervision line."""
    is_healthy = _HEALTHY_V[0] <= sight.voltage_v <= _HEALTHY_V[1] and sight.frequency_hz >= _HEALTHY_HZ
    return sight.rms_a > _ALERT_SHARE * rated or not is_healthy
