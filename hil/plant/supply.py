"""
The Supply is what the upper network delivers: one frequency for everybody, and a voltage
that in a micro area may be off, as with a lost neutral: what hangs there sees a share of
what the power flow says. Both are as they should be until a scenario changes them.
"""

NOMINAL_HZ = 50.0


class Supply:
    def __init__(self) -> None:
        self.frequency_hz = NOMINAL_HZ
        self._share: dict[str, float] = {}  # area -> what its voltage is multiplied by

    def set_share(self, area: str, share: float) -> None:
        self._share[area] = share

    def share_of(self, area: str) -> float:
        return self._share.get(area, 1.0)
