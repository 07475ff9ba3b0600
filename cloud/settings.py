"""What a full node is told in its TOML file (examples/cloud.toml explains each setting)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from link.service import ServiceSettings
from wire.interval import INTERVAL_S


class CloudSettings(ServiceSettings):
    genesis: Path
    ledger: Path
    engine: Literal["embedded", "cometbft"] = "embedded"
    cometbft_rpc: str = "127.0.0.1:26657"  # or unix:/path/to/socket
    price_delay_s: Annotated[int, Field(ge=1, lt=INTERVAL_S)] = 60
    report_s: Annotated[int, Field(ge=1, le=86400)] = 300
    feeder_power_w_max: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
