"""
What goes wrong in the grid itself, carried out on the plant: the devices find out by what
they measure, and by nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hil.device import Device
from hil.grant import Coordinator
from hil.plant import Plant
from hil.plant.breaker_sense import HALF_WAVE_MS
from hil.plant.wiring import MANUAL_SWITCH_PIN
from hil.scenario import FrequencyDip, LockOut, Overload, ShortCircuit, StuckRegister, Theft, VoltageOff

GridFault = Overload | ShortCircuit | StuckRegister | Theft | VoltageOff | LockOut
TURNED_S = 5  # the manual switch stays in lock-out
_NOMINAL_HZ = 50.0


@dataclass
class GridFaults:
    time: Coordinator
    plant: Plant
    devices: dict[str, Device]

    def carry_out(self, fault: GridFault, name: str) -> str:
        """At the device of this name; what was done, in words."""
        if isinstance(fault, ShortCircuit):
            current_a = fault.times_rated * self.plant.rated_a(name)
            self._short(name, current_a, fault.repaired_s)
            return f"{current_a:.0f} A behind its breaker, repaired after {fault.repaired_s} s"
        if isinstance(fault, LockOut):
            self._turn(name, 0)
            self._later(fault.lasts_s, lambda: self._turn(name, 1))
            return f"its manual switch is in lock-out for {fault.lasts_s} s"
        if isinstance(fault, VoltageOff):
            return self._move_voltage(fault, name)
        if isinstance(fault, Overload):
            self._for(fault.lasts_s, self.plant.households_of(name), fault.power_w)
            times = self.plant.current_a(name) / self.plant.rated_a(name)
            return f"{fault.power_w} W more in each household for {fault.lasts_s} s, {times:.2f} times rated"
        if isinstance(fault, Theft):
            self.plant.steal(name, fault.power_w, self.time.now_ms)
            self._later(fault.lasts_s, lambda: self.plant.steal(name, 0, self.time.now_ms))
            return f"{fault.power_w} W in front of the meter for {fault.lasts_s} s"
        self.plant.stick(name, True, self.time.now_ms)
        self._for(fault.lasts_s, [name], fault.power_w)
        self._later(fault.lasts_s, lambda: self.plant.stick(name, False, self.time.now_ms))
        return f"its register stands still for {fault.lasts_s} s, while {fault.power_w} W more flow"

    def dip(self, fault: FrequencyDip) -> str:
        """The frequency, step by step."""
        after_s = 0
        for mhz, lasts_s in fault.steps:
            self._later(after_s, lambda mhz=mhz: self._set_frequency(mhz / 1000))  # type: ignore[misc]
            after_s += lasts_s
        self._later(after_s, lambda: self._set_frequency(_NOMINAL_HZ))
        return ", ".join(f"{mhz / 1000} Hz for {lasts_s} s" for mhz, lasts_s in fault.steps)

    def _set_frequency(self, frequency_hz: float) -> None:
        self.plant.set_frequency(frequency_hz, self.time.now_ms)
        self.notice()

    def _move_voltage(self, fault: VoltageOff, name: str) -> str:
        self._set_share(name, fault.percent / 100)
        self._later(fault.lasts_s, lambda: self._set_share(name, 1.0))
        return f"{self.plant.voltage_v(name):.0f} V for {fault.lasts_s} s"

    def _set_share(self, name: str, share: float) -> None:
        self.plant.set_voltage_share(name, share, self.time.now_ms)
        self.notice()

    def add_load(self, names: list[str], power_w: int) -> None:
        for name in names:
            self.plant.add_load(name, power_w, self.time.now_ms)
        self.notice()

    def notice(self) -> None:
        """The boards hear what moved on their pins."""
        self.plant.advance(self.time.now_ms)
        for device in self.devices.values():
            device.notice_edges()

    def _for(self, lasts_s: int, names: list[str], power_w: int) -> None:
        self.add_load(names, power_w)
        self._later(lasts_s, lambda: self.add_load(names, -power_w))

    def _short(self, name: str, current_a: float, repaired_s: int) -> None:
        self.plant.short_circuit(name, current_a, self.time.now_ms)
        for after_ms in range(1, HALF_WAVE_MS + 1):  # the comparator switches somewhere in the first half-wave
            self.time.at(self.time.now_ms + after_ms, self.notice)
        self._later(repaired_s, lambda: self._turn(name, 0))
        self._later(repaired_s + TURNED_S, lambda: self._turn(name, 1))

    def _turn(self, name: str, level: int) -> None:
        self.plant.set_pin(name, MANUAL_SWITCH_PIN, level, self.time.now_ms)
        self.devices[name].notice_edges()

    def _later(self, after_s: int, action: Callable[[], None]) -> None:
        self.time.at(self.time.now_ms + after_s * 1000, action)
