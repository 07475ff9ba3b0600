"""
A micro area: the households behind one M-LMD's breaker, as its meter at the junction
sees them. Import and export are counted apart, of the net.
"""

from .household import Energy, Household


class Area:
    def __init__(self, name: str, households: list[Household], now_ms: int):
        self.name = name
        self.households = households
        self.import_wh = 0.0
        self.export_wh = 0.0
        self.power_w = 0.0
        self.peak_w = 0.0  # since the recorder last looked
        self.fault_a = 0.0  # of a short circuit, while the breaker is closed
        self.fault_since_ms = 0
        self.is_closed = True
        self._now_ms = now_ms

    @property
    def load_var(self) -> float:
        return sum(household.load_var for household in self.households)

    @property
    def energy(self) -> Energy:
        return Energy(self.import_wh, self.export_wh)

    def advance(self, now_ms: int) -> None:
        energy_wh = self.power_w * (now_ms - self._now_ms) / 3_600_000
        self._now_ms = now_ms
        if energy_wh > 0:
            self.import_wh += energy_wh
        else:
            self.export_wh -= energy_wh

    def settle(self) -> None:
        """After a household has changed its power."""
        self.power_w = sum(household.drawn_w for household in self.households)
        self.peak_w = max(self.peak_w, self.power_w)
