"""
An electric water heater: one well-mixed tank, a heating rod behind the meter's relay,
losses to the room, and a household that draws warm water. Water is wanted at 45 degC:
above it the tap mixes cold water in, below it all of it comes from the tank, and the
shower is a cold one. The rod has a thermal cut-out of its own, as every real one has.
"""

from dataclasses import dataclass
from math import exp
from random import Random

HEAT_J_PER_L_K = 4186.0
COLD_C = 12.0
ROOM_C = 18.0
WANTED_C = 45.0
CUT_OUT_C = 85.0
CUT_IN_C = 80.0
TAP_L_PER_MINUTE = 6.0
DAY_S = 86400


@dataclass
class WaterHeater:
    volume_l: float
    power_w: int
    loss_w_per_k: float
    temperature_c: float
    draws: "Draws"
    relay: bool = False
    heating_w: float = 0.0
    _cut_out: bool = False
    _flow_l_per_s: float = 0.0
    _mixing: bool = True

    def settle(self, utc_s: int, supplied: bool) -> None:
        """Fix what holds until the next minute: the rod, the tap, and whether cold water is mixed in."""
        self._cut_out = self.temperature_c >= (CUT_IN_C if self._cut_out else CUT_OUT_C)
        self.heating_w = float(self.power_w) if self.relay and supplied and not self._cut_out else 0.0
        self._flow_l_per_s = self.draws.litres(utc_s) / 60
        self._mixing = self.temperature_c >= WANTED_C

    def advance(self, seconds: float) -> None:
        """C dT/dt = P - UA (T - room) - draw, solved exactly over a stretch in which nothing is switched."""
        heat_capacity = self.volume_l * HEAT_J_PER_L_K
        flow = self._flow_l_per_s * HEAT_J_PER_L_K
        gain_w = self.heating_w + self.loss_w_per_k * ROOM_C
        slope = self.loss_w_per_k
        if self._mixing:
            gain_w -= flow * (WANTED_C - COLD_C)
        else:
            gain_w += flow * COLD_C
            slope += flow
        rest_c = gain_w / slope
        self.temperature_c = rest_c + (self.temperature_c - rest_c) * exp(-slope * seconds / heat_capacity)

    def stored_wh(self) -> float:
        """Heat in the tank over cold water."""
        return self.volume_l * HEAT_J_PER_L_K * (self.temperature_c - COLD_C) / 3600

    def yearly_wh(self) -> float:
        """About what it uses in a year with a tank at 55 degC."""
        daily = self.draws.litres_per_day * HEAT_J_PER_L_K * (WANTED_C - COLD_C) / 3600
        return 365 * (daily + 24 * self.loss_w_per_k * (55 - ROOM_C))


class Draws:
    """
    When a household takes warm water (45 degC): showers and basins around its own morning
    and evening, fixed by the seed. Habits follow the clock on the wall in winter, UTC+1.
    """

    def __init__(self, seed: str, litres_per_day: float):
        self.litres_per_day = litres_per_day
        self._seed = seed
        habits = Random(seed)
        self._morning_h = habits.gauss(5.75, 0.6)
        self.evening_h = habits.gauss(18.25, 0.8)
        self._days: dict[int, dict[int, float]] = {}

    def litres(self, utc_s: int) -> float:
        """What runs in the minute that begins at `utc_s`."""
        day = utc_s // DAY_S
        if day not in self._days:
            self._days[day] = self._draw(day)
        return self._days[day].get(utc_s % DAY_S // 60, 0.0)

    def _draw(self, day: int) -> dict[int, float]:
        random = Random(f"{self._seed}/{day}")
        minutes: dict[int, float] = {}
        left_l = self.litres_per_day * random.uniform(0.75, 1.25)
        while left_l > 0:
            litres = min(left_l, random.choice((3.0, 6.0, 12.0, 36.0)))
            left_l -= litres
            self._run(minutes, self._minute(random), litres)
        return minutes

    def _minute(self, random: Random) -> int:
        when = random.random()
        if when < 0.45:
            hour = random.gauss(self._morning_h, 0.5)
        elif when < 0.85:
            hour = random.gauss(self.evening_h, 1.0)
        else:
            hour = random.uniform(6.0, 22.0)
        return int(hour * 60)

    @staticmethod
    def _run(minutes: dict[int, float], minute: int, litres: float) -> None:
        while litres > 0:
            poured = min(litres, TAP_L_PER_MINUTE)
            minutes[minute % 1440] = minutes.get(minute % 1440, 0.0) + poured
            litres -= poured
            minute += 1
