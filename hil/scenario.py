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
    """The device's real-time clock jumps, and it is not told; with_ticks: whatever it counts time by does, too."""

    at_s: int
    jump_s: int
    role: str
    number: int
    with_ticks: bool = False


@dataclass(frozen=True)
class ShortCircuit:
    """Behind the M-LMD's breaker flows so many times its rated current, until it opens; a hand closes it again."""

    at_s: int
    number: int
    times_rated: float
    repaired_s: int  # until somebody turns the manual switch to lock-out and back


@dataclass(frozen=True)
class Overload:
    """Each household behind this M-LMD switches on so much more, for a while."""

    at_s: int
    number: int
    power_w: int  # of each household
    lasts_s: int


@dataclass(frozen=True)
class Silence:
    """The device stops for `down_s`, its process too."""

    at_s: int
    down_s: int
    role: str
    number: int


@dataclass(frozen=True)
class StuckRegister:
    """The register of a meter's load chip stands still, while the household draws so much more."""

    at_s: int
    number: int
    power_w: int
    lasts_s: int


@dataclass(frozen=True)
class Theft:
    """So much is drawn in front of a meter, for a while."""

    at_s: int
    number: int
    power_w: int
    lasts_s: int


@dataclass(frozen=True)
class FrequencyDip:
    """The network's frequency falls, step by step, and is good again after the last."""

    at_s: int
    steps: tuple[tuple[int, int], ...]  # (mHz, for how many seconds)


@dataclass(frozen=True)
class VoltageOff:
    """What hangs on this M-LMD sees so much of its voltage, for a while: a neutral is lost, or a feeder sags."""

    at_s: int
    number: int
    percent: int
    lasts_s: int


@dataclass(frozen=True)
class LockOut:
    """A hand turns the device's manual switch to lock-out, and back later."""

    at_s: int
    role: str
    number: int
    lasts_s: int


@dataclass(frozen=True)
class AggregatorGone:
    """The aggregator's process is stopped, and started again `down_s` later; load rises meanwhile."""

    at_s: int
    down_s: int
    power_w: int = 0  # more in each household, in the middle half of it


Fault = (
    BrokerKilled
    | PowerCut
    | Replay
    | ClockJump
    | ShortCircuit
    | Overload
    | Silence
    | StuckRegister
    | Theft
    | FrequencyDip
    | VoltageOff
    | LockOut
    | AggregatorGone
)


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
            "somebody replays what was sent, and clocks jump by an hour, forwards and back",
            date(2016, 4, 29),
            (
                BrokerKilled(at_s=5 * _HOUR + 597, down_s=120),
                PowerCut(at_s=8 * _HOUR, down_s=90, role="meter", number=3),
                ClockJump(at_s=9 * _HOUR + 1400, jump_s=_HOUR, role="meter", number=6, with_ticks=True),
                Replay(at_s=11 * _HOUR + 420),
                ClockJump(at_s=12 * _HOUR + 700, jump_s=-_HOUR, role="meter", number=10, with_ticks=True),
                ClockJump(at_s=13 * _HOUR + 200, jump_s=_HOUR, role="meter", number=8),
                ClockJump(at_s=14 * _HOUR + 500, jump_s=_HOUR, role="mlmd", number=2, with_ticks=True),
                BrokerKilled(at_s=16 * _HOUR + 2, down_s=1500),
                PowerCut(at_s=18 * _HOUR + 900, down_s=30, role="mlmd", number=1),
                Replay(at_s=20 * _HOUR + 75),
                ClockJump(at_s=20 * _HOUR + 1900, jump_s=-_HOUR, role="mlmd", number=3, with_ticks=True),
            ),
        ),
        Scenario(
            "fault_day",
            "a Thursday in December on which the grid itself fails: short circuits, an overload, voltage too high "
            "and too low, a frequency that falls twice, hands at the switches, a meter that falls silent, one whose "
            "register stands still, a thief, and an hour without the aggregator as load rises",
            date(2016, 12, 1),
            (
                ShortCircuit(at_s=2 * _HOUR + 123, number=2, times_rated=20.0, repaired_s=1200),
                ShortCircuit(at_s=3 * _HOUR + 47, number=3, times_rated=11.0, repaired_s=900),
                Silence(at_s=4 * _HOUR + 400, down_s=7200, role="meter", number=4),
                FrequencyDip(at_s=5 * _HOUR + 1000, steps=((49_700, 8), (49_100, 6), (49_600, 4))),
                StuckRegister(at_s=7 * _HOUR + 100, number=1, power_w=900, lasts_s=5400),
                LockOut(at_s=8 * _HOUR + 1500, role="mlmd", number=2, lasts_s=600),
                ShortCircuit(at_s=9 * _HOUR + 31, number=1, times_rated=7.9, repaired_s=600),
                Theft(at_s=10 * _HOUR + 10, number=9, power_w=1500, lasts_s=7200),
                Overload(at_s=13 * _HOUR + 300, number=3, power_w=9000, lasts_s=400),
                VoltageOff(at_s=14 * _HOUR + 130, number=1, percent=128, lasts_s=20),
                VoltageOff(at_s=14 * _HOUR + 1930, number=2, percent=65, lasts_s=30),
                FrequencyDip(
                    at_s=15 * _HOUR + 250,
                    steps=((49_700, 7), (49_100, 2), (48_900, 2), (48_300, 3), (49_500, 6)),
                ),
                AggregatorGone(at_s=16 * _HOUR + 420, down_s=3600, power_w=850),
                LockOut(at_s=20 * _HOUR + 1200, role="meter", number=10, lasts_s=5400),
            ),
        ),
    )
}
