"""Carries out what a scenario says goes wrong, at its time, and writes down what was done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hil.broker import Broker
from hil.device import Device
from hil.grant import Coordinator
from hil.grid_faults import GridFault, GridFaults
from hil.replay import Eavesdropper
from hil.scenario import (
    AggregatorGone,
    BrokerKilled,
    ClockJump,
    Fault,
    FrequencyDip,
    LockOut,
    Overload,
    PowerCut,
    Replay,
    ShortCircuit,
    Silence,
    VoltageOff,
)
from hil.service import Service
from hil.tap import Tap

RESTART_S = 5

_NAMES = {
    "ShortCircuit": "short_circuit",
    "Overload": "overload",
    "Theft": "theft",
    "StuckRegister": "stuck_register",
}


def _name_of(fault: GridFault) -> str:
    if isinstance(fault, VoltageOff):
        return "overvoltage" if fault.percent > 100 else "undervoltage"
    if isinstance(fault, LockOut):
        return "breaker_locked_out" if fault.role == "mlmd" else "locked_out"
    return _NAMES[type(fault).__name__]


@dataclass
class Faults:
    time: Coordinator
    broker: Broker
    tap: Tap
    services: list[Service]
    devices: dict[str, Device]
    eavesdropper: Eavesdropper
    grid: GridFaults
    done: list[dict[str, Any]] = field(default_factory=list)

    def plan(self, faults: tuple[Fault, ...], day_start_s: int, end_s: int) -> None:
        """Faults of the part of the day that is played."""
        for fault in faults:
            at_ms = (day_start_s + fault.at_s) * 1000
            if self.time.now_ms <= at_ms < end_s * 1000:
                self.time.at(at_ms, lambda fault=fault: self._carry_out(fault))  # type: ignore[misc]

    def restart_what_is_killed(self) -> None:
        """A process killed by hand comes back, as a board gets its power again and a supervisor starts a service."""
        for device in self.devices.values():
            device.killed = lambda device=device: self._restart(device.name, device.power_on)  # type: ignore[misc]
        for service in self.services:
            service.killed = lambda service=service: self._restart(service.name, service.start)  # type: ignore[misc]

    def _restart(self, name: str, start: Callable[[], None]) -> None:
        self._note("killed", f"by hand, back after {RESTART_S} s", name)
        self.time.at(self.time.now_ms + RESTART_S * 1000, start)

    def restart_broker(self) -> None:
        """It was killed by hand: nothing of what it held is left."""
        self.broker.kill()
        self._note("killed", "by hand, its state lost", "broker")
        self._lose_broker()
        self._start_broker()

    def _carry_out(self, fault: Fault) -> None:
        if isinstance(fault, BrokerKilled):
            self._kill_broker(fault)
        elif isinstance(fault, PowerCut):
            self._cut_power(fault)
        elif isinstance(fault, Replay):
            sent = self.eavesdropper.replay()
            self._note("replay", effect=f"sent again: {', '.join(sent)}")
        elif isinstance(fault, ClockJump):
            self._jump_clock(fault)
        elif isinstance(fault, Silence):
            self._silence(fault)
        elif isinstance(fault, AggregatorGone):
            self._stop_aggregator(fault)
        elif isinstance(fault, FrequencyDip):
            self._note("frequency_dip", self.grid.dip(fault), None, sum(lasts_s for _, lasts_s in fault.steps))
            self.done[-1]["steps"] = fault.steps
        else:
            self._harm_the_grid(fault)

    def _harm_the_grid(self, fault: GridFault) -> None:
        is_of_mlmd = isinstance(fault, Overload | ShortCircuit | VoltageOff)
        role = fault.role if isinstance(fault, LockOut) else "mlmd" if is_of_mlmd else "meter"
        name = self._named(role, fault.number).name
        lasts_s = fault.repaired_s if isinstance(fault, ShortCircuit) else fault.lasts_s
        self._note(_name_of(fault), self.grid.carry_out(fault, name), name, lasts_s)
        if isinstance(fault, VoltageOff):
            self.done[-1]["voltage_v"] = self.grid.plant.voltage_v(name)

    def _note(self, name: str, effect: str, device: str | None = None, lasts_s: int = 0) -> None:
        at_s = self.time.now_ms // 1000
        self.done.append({"name": name, "at_s": at_s, "device": device, "effect": effect, "lasts_s": lasts_s})

    def _kill_broker(self, fault: BrokerKilled) -> None:
        self.broker.kill()
        self._lose_broker()
        self._note("broker_killed", f"its state wiped, back after {fault.down_s} s")
        self.time.at(self.time.now_ms + fault.down_s * 1000, self._start_broker)

    def _lose_broker(self) -> None:
        self.tap.broker_down()
        for service in self.services:
            service.close_port()

    def _start_broker(self) -> None:
        self.broker.start()
        self.tap.address = self.broker.address
        for service in self.services:
            service.open_port()

    def _cut_power(self, fault: PowerCut) -> None:
        device = self._named(fault.role, fault.number)

        def lost() -> None:
            self._note("power_cut", f"in the middle of a flash write, back after {fault.down_s} s", device.name)
            self.time.at(self.time.now_ms + fault.down_s * 1000, device.power_on)

        device.power_lost = lost
        device.arm_power_cut(1)

    def _jump_clock(self, fault: ClockJump) -> None:
        device = self._named(fault.role, fault.number)
        device.jump_clock(fault.jump_s * 1000, fault.with_ticks)
        what = "all it counts time by" if fault.with_ticks else "its real-time clock"
        self._note("clock_jump", f"{what} by {fault.jump_s} s", device.name)

    def _silence(self, fault: Silence) -> None:
        device = self._named(fault.role, fault.number)
        device.power_off()
        self.grid.plant.power_lost(device.name, self.time.now_ms)
        self._note("silence", f"its process is stopped for {fault.down_s} s", device.name)
        self.time.at(self.time.now_ms + fault.down_s * 1000, device.power_on)

    def _stop_aggregator(self, fault: AggregatorGone) -> None:
        service = next(service for service in self.services if service.name == "aggregator")
        service.stop()
        self._note(
            "aggregator_gone",
            f"for {fault.down_s} s, with {fault.power_w} W more in each household",
            None,
            fault.down_s,
        )
        meters = [name for name in self.devices if name.startswith("meter")]
        now_ms, quarter_ms = self.time.now_ms, fault.down_s * 250
        self.time.at(now_ms + quarter_ms, lambda: self.grid.add_load(meters, fault.power_w))
        self.time.at(now_ms + 3 * quarter_ms, lambda: self.grid.add_load(meters, -fault.power_w))

        def back() -> None:
            service.open_port()
            service.start()

        self.time.at(now_ms + fault.down_s * 1000, back)

    def _named(self, role: str, number: int) -> Device:
        """The number-th device of a role, from 1, wrapped round when there are fewer."""
        alike = sorted(name for name in self.devices if name.startswith(role))
        return self.devices[alike[(number - 1) % len(alike)]]
