"""
The measured quarter hours everything is driven by: SimBench's profiles, as shares of
rated power, for the weeks kept in `hil/data`. A value holds for its whole quarter hour
(it is that quarter hour's mean, so holding it conserves its energy); nothing is
interpolated, and no noise is added.
"""

import csv
import gzip
from functools import cache
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
QUARTER_S = 900
SHARE = 10_000  # a stored value is this many parts of the rated power


class ProfileMissing(Exception):
    """The slice in `hil/data` does not hold this time: see PERIODS in make_slice.py."""


class Profiles:
    def __init__(self, columns: dict[str, int], rows: dict[int, list[int]]):
        self._columns = columns
        self._rows = rows

    def share(self, profile: str, utc_s: int) -> float:
        """The profile's value at a time, as a share of rated power (PV and loads positive)."""
        row = self._rows.get(utc_s - utc_s % QUARTER_S)
        if row is None:
            raise ProfileMissing(f"hil/data holds no profiles for {utc_s} s UTC")
        return row[self._columns[profile]] / SHARE

    def names(self) -> list[str]:
        return list(self._columns)

    def quarters(self) -> list[int]:
        """Start of every quarter hour kept, UTC seconds."""
        return list(self._rows)


@cache
def load() -> Profiles:
    with gzip.open(DATA / "profiles.csv.gz", "rt", newline="") as file:
        table = csv.reader(file)
        header = next(table)
        rows = {int(row[0]): [int(value) for value in row[1:]] for row in table}
    return Profiles({name: i for i, name in enumerate(header[1:])}, rows)
