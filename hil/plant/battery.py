"""
A home battery behind its inverter. The set-point is power at the AC side, charging
positive; every Wh that goes in or out loses 5 % on its way (SimBench's storages).
The cells keep a reserve and are never over-charged, whatever is asked.
"""

from dataclasses import dataclass
from math import inf

RESERVE_PERMILLE = 50


@dataclass
class Battery:
    capacity_wh: int
    charge_w_max: int
    discharge_w_max: int
    stored_wh: float
    efficiency: float = 0.95  # one way
    setpoint_w: float = 0.0
    held_until_s: float = inf  # the inverter rests at 0 W from then on
    power_w: float = 0.0

    def set_point(self, power_w: float, until_s: float = inf) -> None:
        self.setpoint_w, self.held_until_s = power_w, until_s

    def settle(self, now_s: float, seconds: float, supplied: bool) -> None:
        """Fix the power until the next minute, `seconds` away, so that the cells just reach their limit at its end."""
        if now_s >= self.held_until_s:
            self.set_point(0.0)
        hours = seconds / 3600
        wanted_w = max(-self.discharge_w_max, min(self.charge_w_max, self.setpoint_w)) if supplied else 0.0
        room_w = max(0.0, self.capacity_wh - self.stored_wh) / hours / self.efficiency
        left_w = max(0.0, self.stored_wh - self.reserve_wh) / hours * self.efficiency
        self.power_w = max(-left_w, min(room_w, wanted_w))

    def advance(self, seconds: float) -> None:
        share = self.efficiency if self.power_w > 0 else 1 / self.efficiency
        self.stored_wh += self.power_w * share * seconds / 3600

    @property
    def reserve_wh(self) -> float:
        return self.capacity_wh * RESERVE_PERMILLE / 1000

    @property
    def soc(self) -> float:
        """State of charge, 0..1."""
        return self.stored_wh / self.capacity_wh
