"""
From the first ampere of a short circuit to the opened contact, on the wall clock, at real-time speed: with the network
down, with the aggregator gone, and with the M-LMD's processor busy signing all the while.

    python -m tests.firmware.trip_latency [TRIPS]        prints p50, p99 and the worst of each

Counted from the instant of the wall clock at which the current was to flow: what the bench or a busy board is late by
is in it. On the bench an interrupt waits for the signature under way; on a board only for one call of a kernel.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hil.grid_faults import GridFaults
from hil.plant.breaker_sense import HALF_WAVE_MS
from wire import signed_time

from .neighbourhood import Neighbourhood

MLMD = "mlmd-1"
BREAKER_PIN = 27
BEGIN_MS, CYCLE_MS = 3000, 1000
_TURN_MS, _BACK_MS = 300, 500
_BUSY_MS, _ASK_MS = 200, 20


def network_down(town: Neighbourhood, _at_ms: int) -> None:
    if town.broker.is_up:
        town.broker.go_down()


def aggregator_gone(town: Neighbourhood, _at_ms: int) -> None:
    town.broker.is_up = True
    town.aggregator.is_silent = True


def busy_signing(town: Neighbourhood, at_ms: int) -> None:
    """A meter asks for the time again and again: each answer is a signature; one is under way when current flows."""
    town.aggregator.is_silent = False
    for ask_ms in range(at_ms - 1 - _BUSY_MS, at_ms, _ASK_MS):
        town.time.at(ask_ms, lambda: _ask(town))


def _ask(town: Neighbourhood) -> None:
    frame = signed_time.REQUEST + os.urandom(signed_time.CHALLENGE_SIZE)
    town.devices[MLMD].hear(town.network.devices["meter-01"].mac, frame)


Condition = Callable[[Neighbourhood, int], None]
CONDITIONS: tuple[Condition, ...] = (network_down, aggregator_gone, busy_signing)


def measure(folder: Path, trips: int) -> dict[str, list[float]]:
    """Milliseconds of each trip, ascending, by condition: `trips` of each, one a second."""
    town = Neighbourhood(folder, speed=1.0)
    begins: list[tuple[str, int]] = []
    opened: list[tuple[int, float]] = []
    drive = town.plant.set_pin

    def seen(name: str, pin: int, value: int, now_ms: int) -> None:
        drive(name, pin, value, now_ms)
        if (name, pin, value) == (MLMD, BREAKER_PIN, 0) and not town.locked_out:
            opened.append((now_ms, time.monotonic()))

    town.plant.set_pin = seen  # type: ignore[method-assign]
    for number, condition in enumerate(condition for condition in CONDITIONS for _ in range(trips)):
        at_ms = town.begin_s * 1000 + BEGIN_MS + number * CYCLE_MS + number % 10
        begins.append((condition.__name__, at_ms))
        town.time.at(
            at_ms - _BUSY_MS - 2,
            lambda condition=condition, at_ms=at_ms: condition(town, at_ms),  # type: ignore[misc]
        )
        # Once a second for minutes: greater currents would warm its bimetal till that trips first.
        _plan(town, at_ms, 7.6 + number % 40 / 10)
    try:
        town.start()
        town.play((begins[-1][1] + CYCLE_MS) // 1000 - town.begin_s)
    finally:
        town.stop()
    found: dict[str, list[float]] = {condition.__name__: [] for condition in CONDITIONS}
    for (name, at_ms), (_, wall) in zip(begins, opened, strict=True):
        found[name].append((wall - town.time.wall_s(at_ms)) * 1000)
    return {name: sorted(latencies) for name, latencies in found.items()}


def _plan(town: Neighbourhood, at_ms: int, times_rated: float) -> None:
    """A short circuit, and a hand that closes the breaker again."""

    def begin() -> None:
        town.plant.short_circuit(MLMD, times_rated * town.plant.rated_a(MLMD), town.time.now_ms)

    town.time.at(at_ms, begin)
    notice = GridFaults(town.time, town.plant, town.devices).notice
    for after_ms in range(1, HALF_WAVE_MS + 1):
        town.time.at(at_ms + after_ms, notice)
    town.time.at(at_ms + _TURN_MS, lambda: town.lock_out({MLMD}))
    town.time.at(at_ms + _BACK_MS, lambda: town.lock_out(set()))


def percentile(ascending: list[float], percent: int) -> float:
    return ascending[min(len(ascending) - 1, len(ascending) * percent // 100)]


def text(name: str, latencies: list[float]) -> str:
    p50, p99 = percentile(latencies, 50), percentile(latencies, 99)
    return f"{name:16} {len(latencies):4} trips   p50 {p50:5.1f} ms   p99 {p99:5.1f} ms   worst {latencies[-1]:5.1f} ms"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name, latencies in measure(Path(folder), int(sys.argv[1]) if sys.argv[1:] else 100).items():
            print(text(name, latencies))
