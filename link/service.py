"""What the services have in common: settings that each of them has, and running until somebody stops it."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from pydantic import field_validator

from .mqtt import parse_broker
from .settings import Settings, SettingsError
from .tls import Tls


class ServiceSettings(Settings):
    secret_key_file: Path
    broker: str
    tls: Tls | None = None  # to the broker
    group_key_file: Path | None = None  # of a ledger that is sealed for its members
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


def run_until_stopped(service: Coroutine[Any, Any, None], mendable: type[Exception]) -> int:
    """
    The exit status: 0 after SIGINT or SIGTERM, 2 when a person has to change something first, which is then said.

    mendable: what the service raises for that, beside SettingsError and ValueError.
    """
    try:
        asyncio.run(_stoppable(service))
    except (SettingsError, ValueError, mendable) as error:
        print(error, file=sys.stderr)
        return 2
    except asyncio.CancelledError:
        return 0
    return 0


async def _stoppable(service: Coroutine[Any, Any, None]) -> None:
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    await service
