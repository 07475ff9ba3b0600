"""What a run of the bench can be told, checked before anything is started."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hil import broker, validators
from hil.errors import OptionError
from hil.scenario import SCENARIOS, Scenario
from wire.interval import INTERVAL_S

METERS_MAX, MLMDS_MAX = 300, 30
METERS_PER_MLMD_MAX = 20  # an ESP-NOW radio has 20 peers
HOURS_MAX = 36  # a device's flash holds 128 readings at least, and the bench counts them there at the end
SPEED_MAX = 100_000.0


@dataclass(frozen=True)
class Options:
    scenario: str = "sunny_day"
    seed: int = 1
    speed: float = 0.0  # virtual seconds per wall second at most; 0: as fast as the machine can
    meters: int = 30
    mlmds: int = 3
    broker: str = "auto"
    out: Path = Path("out/hil")
    hours: float = 24.0
    start: str = "00:00"  # of the scenario's day, UTC
    engine: str = "embedded"  # the ledger's
    tls: bool = True  # between M-LMDs and the broker

    def __post_init__(self) -> None:
        """Raises OptionError, which says what is allowed."""
        _one_of("SCENARIO", self.scenario, SCENARIOS)
        _between("SEED", self.seed, 0, (1 << 63) - 1)
        _between("SPEED", self.speed, 0, SPEED_MAX, " (0: as fast as the machine can, 1: real time)")
        _between("METERS", self.meters, 1, METERS_MAX)
        _between("MLMDS", self.mlmds, 1, MLMDS_MAX)
        if self.mlmds > self.meters:
            raise OptionError(f"MLMDS={self.mlmds}: at most one for each meter, and METERS is {self.meters}")
        if self.meters > self.mlmds * METERS_PER_MLMD_MAX:
            fewest = -(-self.meters // METERS_PER_MLMD_MAX)
            allowed = f"an M-LMD's radio has {METERS_PER_MLMD_MAX} peers; give MLMDS={fewest} or more"
            raise OptionError(f"METERS={self.meters} MLMDS={self.mlmds}: {allowed}")
        _one_of("BROKER", self.broker, broker.KINDS)
        _one_of("ENGINE", self.engine, validators.ENGINES)
        _between("--hours", self.hours, 0.5, HOURS_MAX)
        if self.hours * 3600 % INTERVAL_S:
            raise OptionError(f"--hours {self.hours:g}: whole or half hours")
        if self._start_slot() is None:
            raise OptionError(f"--start {self.start}: a half hour of the day, 00:00 to 23:30")
        if self.out.exists() and not self.out.is_dir():
            raise OptionError(f"OUT={self.out}: there is a file of this name; give a folder")

    def _start_slot(self) -> int | None:
        hours, _, minutes = self.start.partition(":")
        if not (hours.isdigit() and int(hours) < 24 and minutes in ("00", "30")):
            return None
        return int(hours) * 2 + (minutes == "30")

    @property
    def day(self) -> Scenario:
        return SCENARIOS[self.scenario]

    @property
    def start_s(self) -> int:
        slot = self._start_slot()
        assert slot is not None
        return self.day.start_s + slot * INTERVAL_S

    @property
    def duration_s(self) -> int:
        return int(self.hours * 3600)

    def plain(self) -> dict[str, Any]:
        """As the report shows them."""
        return {**asdict(self), "out": str(self.out)}


def _one_of(name: str, value: str, allowed: Any) -> None:
    if value not in allowed:
        raise OptionError(f"{name}={value}: not one of {', '.join(allowed)}")


def _between(name: str, value: float, low: float, high: float, note: str = "") -> None:
    if not low <= value <= high:
        raise OptionError(f"{name}={value:g}: allowed are {low:g} to {high:g}{note}")
