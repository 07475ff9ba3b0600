"""
A Household is a home at work: what it draws now, and what it has used, made, charged
and discharged so far. Between two instants at which something changes, every power
holds, so energy is power times time, exactly.
"""

from typing import NamedTuple

from .neighbourhood import Home
from .profiles import QUARTER_S, Profiles

STEP_S = 60


class Energy(NamedTuple):
    """What was, since the plant was built. At an M-LMD consumed and produced are the area's import and export."""

    consumed_wh: float = 0.0
    produced_wh: float = 0.0
    charged_wh: float = 0.0
    discharged_wh: float = 0.0


class Household:
    def __init__(self, home: Home, profiles: Profiles):
        self.home = home
        self.supplied = True
        self.energy = Energy()
        self.load_w = 0.0  # water heater included, battery not
        self.load_var = 0.0
        self.pv_w = 0.0
        self.extra_w = 0.0  # switched on by a scenario, on top of the profile
        self.stolen_w = 0.0  # taken from the service in front of the meter
        self.stuck_wh: float | None = None  # what the load meter's register stands still at
        self._profiles = profiles
        self._base_w = self._base_var = self._sun_w = 0.0
        self._now_ms: int | None = None

    @property
    def now_s(self) -> float:
        """Where it has been integrated up to."""
        return (self._now_ms or 0) / 1000

    @property
    def battery_w(self) -> float:
        """Charging positive."""
        return self.home.battery.power_w if self.home.battery else 0.0

    @property
    def net_w(self) -> float:
        """What the service line carries, import positive."""
        return self.load_w - self.pv_w + self.battery_w

    @property
    def drawn_w(self) -> float:
        """What the grid sees of this place: the net and what is stolen from it."""
        return self.net_w + (self.stolen_w if self.supplied else 0.0)

    @property
    def register_wh(self) -> float:
        """What the load meter shows."""
        return self.energy.consumed_wh if self.stuck_wh is None else self.stuck_wh

    def settle(self, now_ms: int) -> None:
        """Something changed: fix every power until the next step or change."""
        utc_s = now_ms // 1000
        if now_ms % (QUARTER_S * 1000) == 0 or self._now_ms is None:
            self._follow_profile(utc_s)
        self._now_ms = now_ms
        heater, battery = self.home.heater, self.home.battery
        if heater:
            heater.settle(utc_s - utc_s % STEP_S, self.supplied)
        if battery:
            battery.settle(now_ms / 1000, STEP_S - now_ms % (STEP_S * 1000) / 1000, self.supplied)
        on = 1.0 if self.supplied else 0.0
        self.load_w = on * (self._base_w + self.extra_w) + (heater.heating_w if heater else 0.0)
        self.load_var = on * self._base_var
        self.pv_w = on * self._sun_w

    def advance(self, now_ms: int) -> None:
        """Integrate up to `now_ms`: nothing changed on the way."""
        assert self._now_ms is not None, "a household is settled before time passes"
        seconds = (now_ms - self._now_ms) / 1000
        if seconds <= 0:
            return
        self._now_ms = now_ms
        hours = seconds / 3600
        battery_w = self.battery_w
        before = self.energy
        self.energy = Energy(
            before.consumed_wh + self.load_w * hours,
            before.produced_wh + self.pv_w * hours,
            before.charged_wh + max(0.0, battery_w) * hours,
            before.discharged_wh + max(0.0, -battery_w) * hours,
        )
        if self.home.battery:
            self.home.battery.advance(seconds)
        if self.home.heater:
            self.home.heater.advance(seconds)

    def stored_wh(self) -> float:
        """Energy in the battery and heat in the tank."""
        battery, heater = self.home.battery, self.home.heater
        return (battery.stored_wh if battery else 0.0) + (heater.stored_wh() if heater else 0.0)

    def _follow_profile(self, utc_s: int) -> None:
        share, home = self._profiles.share, self.home
        loads = (home.load, *home.extras)
        self._base_w = sum(load.power_w * share(load.profile, utc_s) for load in loads)
        self._base_var = sum(load.reactive_power_var * share(load.profile + ":q", utc_s) for load in loads)
        self._sun_w = home.pv.power_w * share(home.pv.profile, utc_s) if home.pv else 0.0
