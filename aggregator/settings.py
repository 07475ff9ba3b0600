"""What an aggregator is told in its TOML file (examples/aggregator.toml explains each setting)."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from link.service import ServiceSettings
from link.settings import HexId, HexKey
from wire.interval import WINDOW_S

from .prune import KEEP_DAYS_MIN

Watt = Annotated[int, Field(ge=0, le=0xFFFFFFFF)]


class AggregatorSettings(ServiceSettings):
    network_id: HexId
    area_id: HexId | None = None  # of an area that another aggregator had before
    area_notice_file: Path | None = None  # the operator's word for its devices that it is ours now
    operator_public_key: HexKey
    cloud_id: HexId
    cloud_public_key: HexKey
    store: Path
    seal_delay_s: Annotated[int, Field(ge=1, lt=WINDOW_S)] = 30
    keep_days: Annotated[int, Field(ge=0)] = 0  # raw readings; 0: for ever
    feeder_power_w_max: Watt
    area_power_w_max: dict[str, Watt] = Field(default_factory=dict)
    firmware_folder: Path | None = None
    firmware_failures_max: Annotated[int, Field(ge=0)] = 0  # more than these stop a rollout

    @field_validator("keep_days")
    @classmethod
    def _is_longer_than_billing(cls, value: int) -> int:
        if 0 < value < KEEP_DAYS_MIN:
            raise ValueError(f"0 (for ever), or at least {KEEP_DAYS_MIN}")
        return value

    @field_validator("area_power_w_max")
    @classmethod
    def _are_ids(cls, value: dict[str, int]) -> dict[str, int]:
        for name in value:
            if len(name) != 16 or any(digit not in "0123456789abcdef" for digit in name):
                raise ValueError(f"{name!r} is not an M-LMD's id (16 hex digits)")
        return value

    @property
    def limits_w(self) -> dict[bytes, int]:
        return {bytes.fromhex(name): watt for name, watt in self.area_power_w_max.items()}
