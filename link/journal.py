"""A service's log: one JSON object a line, in a file or on standard error, with the time of the service's clock."""

import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

Journal = structlog.typing.FilteringBoundLogger


def open_journal(service: str, log_file: str, clock: Callable[[], float]) -> Journal:
    """log_file: a path to append to, or "" for standard error."""
    out = open(log_file, "a", buffering=1) if log_file else sys.stderr  # noqa: SIM115  # open as long as the process

    def stamp(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {"time_s": round(clock(), 3), "service": service, **event}

    return structlog.wrap_logger(
        structlog.WriteLogger(out),
        processors=[structlog.processors.add_log_level, stamp, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(20),
    )
