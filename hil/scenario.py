"""
A Scenario is which day is played and what goes wrong in it. It is data: the bench
carries the faults out, the plant looks up the day.

Times are seconds from the scenario's start. A device is named by role and number
(1 and up, wrapped round when there are fewer), because names depend on how many
there are.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True)
class BrokerKilled:
    """The broker's process is killed, its state wiped, and a new one started `down_s` later."""

    at_s: int
    down_s: int


@dataclass(frozen=True)
class PowerCut:
    """The device's supply fails in the middle of its first flash write from `at_s` on, for `down_s`."""

    at_s: int
    down_s: int
    role: str
    number: int


@dataclass(frozen=True)
class Replay:
    """One message of each kind captured on air and on the broker since the start is sent again as it was."""

    at_s: int


@dataclass(frozen=True)
class ClockJump:
    """The device's clock jumps, without the device being told."""

    at_s: int
    jump_s: int
    role: str
    number: int


Fault = BrokerKilled | PowerCut | Replay | ClockJump


@dataclass(frozen=True)
class Scenario:
    name: str
    description: str
    day: date  # of the slice in hil/data; begins at 00:00 UTC
    faults: tuple[Fault, ...] = ()
    duration_s: int = 86400

    @property
    def start_s(self) -> int:
        return int(datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC).timestamp())


_HOUR = 3600

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "sunny_day",
            "a Monday in July with a clear sky: far more sun at noon than the street needs",
            date(2016, 7, 25),
        ),
        Scenario(
            "evening_peak",
            "a Thursday in December with hardly any sun and everyone at home in the evening",
            date(2016, 12, 1),
        ),
        Scenario(
            "rough_day",
            "a changeable Friday in April on which the broker dies, two devices lose power in the middle of a write, "
            "somebody replays what was sent, and a clock jumps by an hour",
            date(2016, 4, 29),
            (
                BrokerKilled(at_s=5 * _HOUR + 597, down_s=120),
                PowerCut(at_s=8 * _HOUR, down_s=90, role="meter", number=3),
                Replay(at_s=11 * _HOUR + 420),
                ClockJump(at_s=13 * _HOUR + 200, jump_s=_HOUR, role="meter", number=8),
                BrokerKilled(at_s=16 * _HOUR + 2, down_s=1500),
                PowerCut(at_s=18 * _HOUR + 900, down_s=30, role="mlmd", number=1),
                Replay(at_s=20 * _HOUR + 75),
            ),
        ),
    )
}
