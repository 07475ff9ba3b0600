"""
A Genesis is what everybody who replays one ledger has to agree on before the first transaction: whose network it is,
when its time begins, and the figures in the price formula. It never changes; its digest is part of the state.
"""

import tomllib
from dataclasses import dataclass, field, fields
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2

from chain.errors import GenesisError
from wire import energy_type
from wire.interval import INTERVAL_S

U32_MAX = 0xFFFFFFFF
HISTORY_MIN = 96
LEDGER_KINDS = ("business", "regulatory", "trading")
COUNTS = ("ahead_intervals_max", "history_intervals", "storage_efficiency_permille")


@dataclass(frozen=True)
class TypePricing:
    """The figures of one energy type in docs/price.md."""

    floor_micro_per_kwh: int
    cap_micro_per_kwh: int
    gain_permille: int

    def __post_init__(self) -> None:
        if not 0 <= self.floor_micro_per_kwh <= self.cap_micro_per_kwh <= U32_MAX:
            raise GenesisError(f"pricing: 0 <= floor_micro_per_kwh <= cap_micro_per_kwh <= {U32_MAX}")
        if not 0 <= self.gain_permille <= 1_000_000:
            raise GenesisError("pricing: 0 <= gain_permille <= 1000000")


# By energy type. A kWh: 0.18 to 0.42 from the grid, 0.04 to 0.18 from a neighbour's roof, 0.10 to 0.28 from a battery.
PRICING = (
    TypePricing(180_000, 420_000, 1000),
    TypePricing(40_000, 180_000, 2000),
    TypePricing(100_000, 280_000, 1000),
)

# Generation in Europe, roughly.
GRID_MIX = (
    ("wind", 190),
    ("solar", 110),
    ("hydro", 130),
    ("biomass", 50),
    ("nuclear", 240),
    ("gas", 160),
    ("coal", 120),
)


@dataclass(frozen=True)
class Genesis:
    """The start of one ledger. network_id: 8 bytes; operator_public_key: 32; start_interval: the first interval."""

    network_id: bytes
    operator_public_key: bytes
    start_interval: int
    feeder_power_w_max: int = 100_000
    # Light blocks this far ahead of the ledger's time are taken: the cloud may have been away.
    ahead_intervals_max: int = 48
    pricing: tuple[TypePricing, ...] = field(default=PRICING)
    # What belongs to an interval leaves the state so many intervals later (chain/archive.py): 60 days.
    history_intervals: int = 2880
    # What of the energy that goes into a battery comes out again: the rest is its loss.
    storage_efficiency_permille: int = 900
    # What the upper network's energy is made of: (source, permille), 1000 together.
    grid_mix: tuple[tuple[str, int], ...] = GRID_MIX
    # Whose ledger it is: business, regulatory or trading (chain/ledgers.py).
    ledger_kind: str = "business"

    def __post_init__(self) -> None:
        if len(self.network_id) != 8:
            raise GenesisError("network_id: 8 bytes, as 16 hex digits")
        if len(self.operator_public_key) != 32:
            raise GenesisError("operator_public_key: 32 bytes, as 64 hex digits")
        if self.ledger_kind not in LEDGER_KINDS:
            raise GenesisError(f"ledger_kind: {', '.join(LEDGER_KINDS)}")
        for name in ("start_interval", "feeder_power_w_max", *COUNTS):
            number = getattr(self, name)
            if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= U32_MAX:
                raise GenesisError(f"{name}: a whole number, 0 to {U32_MAX}")
        if self.history_intervals < HISTORY_MIN:
            raise GenesisError(f"history_intervals: at least {HISTORY_MIN}, for prices look two days back")
        if len(self.pricing) != len(energy_type.NAMES):
            raise GenesisError(f"pricing: one table for each of {', '.join(energy_type.NAMES)}")
        if not 0 <= self.storage_efficiency_permille <= 1000:
            raise GenesisError("storage_efficiency_permille: 0 to 1000")
        shares = [permille for _, permille in self.grid_mix]
        if min(shares, default=0) < 0 or sum(shares) != 1000:
            raise GenesisError("grid_mix: permille by source, 1000 together")

    @cached_property
    def operator_id(self) -> bytes:
        return sha256(self.operator_public_key).digest()[:8]

    @property
    def feeder_wh_max(self) -> int:
        """What the feeder may carry in one market interval."""
        return self.feeder_power_w_max * INTERVAL_S // 3600

    @property
    def digest(self) -> bytes:
        """SHA-256 over every setting: it stands in the state, so another genesis is another app hash."""
        pricing = [[p.floor_micro_per_kwh, p.cap_micro_per_kwh, p.gain_permille] for p in self.pricing]
        settings = [getattr(self, item.name) for item in fields(self) if item.name != "pricing"]
        return sha256(cbor2.dumps([settings, pricing])).digest()

    @classmethod
    def load(cls, path: str | Path) -> "Genesis":
        """The genesis in a TOML file (docs/ledger.md shows one). Raises GenesisError."""
        try:
            table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise GenesisError(f"{path}: {error}") from error
        return cls.parse(table)

    @classmethod
    def parse(cls, table: dict[str, Any]) -> "Genesis":
        """The genesis in a table as TOML gives it. Raises GenesisError."""
        allowed = {item.name for item in fields(cls)}
        unknown = sorted(table.keys() - allowed)
        if unknown:
            raise GenesisError(f"{', '.join(unknown)}: no such setting; there are {', '.join(sorted(allowed))}")
        settings = dict(table)
        for name in ("network_id", "operator_public_key"):
            settings[name] = _octets(table, name)
        if "start_interval" not in table:
            raise GenesisError("start_interval is missing: UTC seconds // 1800 of the first market interval")
        settings["pricing"] = _pricing(table.get("pricing", {}))
        if "grid_mix" in table:
            settings["grid_mix"] = _grid_mix(table["grid_mix"])
        return cls(**settings)


def _octets(table: dict[str, Any], name: str) -> bytes:
    if name not in table:
        raise GenesisError(f"{name} is missing: a string of hex digits")
    try:
        return bytes.fromhex(table[name])
    except (TypeError, ValueError) as error:
        raise GenesisError(f"{name}: a string of hex digits") from error


def _grid_mix(table: Any) -> tuple[tuple[str, int], ...]:
    if not isinstance(table, dict) or any(not isinstance(share, int) or share is True for share in table.values()):
        raise GenesisError("grid_mix: whole numbers by source")
    return tuple(table.items())


def _pricing(table: Any) -> tuple[TypePricing, ...]:
    """One TypePricing per energy type; what a table leaves out has its default."""
    if not isinstance(table, dict) or table.keys() - set(energy_type.NAMES):
        raise GenesisError(f"pricing: tables named {', '.join(energy_type.NAMES)}")
    result = []
    for name, default in zip(energy_type.NAMES, PRICING, strict=True):
        settings = {item.name: getattr(default, item.name) for item in fields(TypePricing)}
        given = table.get(name, {})
        if not isinstance(given, dict) or given.keys() - settings.keys():
            raise GenesisError(f"pricing.{name}: {', '.join(settings)}")
        if any(not isinstance(number, int) or isinstance(number, bool) for number in given.values()):
            raise GenesisError(f"pricing.{name}: whole numbers")
        result.append(TypePricing(**{**settings, **given}))
    return tuple(result)
