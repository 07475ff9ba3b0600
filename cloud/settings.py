"""What a full node is told in its TOML file (examples/cloud.toml explains each setting)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from link.mqtt import parse_broker
from link.settings import Settings
from link.tls import Tls
from wire.interval import INTERVAL_S


class CloudSettings(Settings):
    genesis: Path
    secret_key_file: Path
    broker: str
    ledger: Path
    engine: Literal["embedded", "cometbft"] = "embedded"
    cometbft_rpc: str = "127.0.0.1:26657"  # or unix:/path/to/socket
    group_key_file: Path | None = None  # of a ledger that is sealed for its members
    price_delay_s: Annotated[int, Field(ge=1, lt=INTERVAL_S)] = 60
    report_s: Annotated[int, Field(ge=1, le=86400)] = 300
    feeder_power_w_max: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    tls: Tls | None = None  # to the broker
    influx_url: str = ""
    influx_token: str = ""
    influx_bucket: str = "gridtide"
    influx_org: str = "gridtide"
    log_file: str = ""

    @field_validator("broker")
    @classmethod
    def _is_broker(cls, value: str) -> str:
        parse_broker(value)
        return value
