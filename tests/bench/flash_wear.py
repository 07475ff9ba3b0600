"""
How a day wears a device's flash (P9): the erases of a meter with everything on it, and of an M-LMD, counted on
the bench's flash while they live the day that the power-cut test has (tests/firmware/whole_day.py).

A block of NOR flash is good for 100,000 erases. LittleFS moves what is written often from block to block, so no
block is the worst one every day: the years are the least there can be.
"""

import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.firmware.micropython import play_day

ERASES_PER_BLOCK_AND_DAY_MAX = 8
ERASES_A_BLOCK_LIVES = 100_000
_DAYS = 365
_NO_CUT = 1_000_000
_ROLES = ("meter", "mlmd")


class Wear(NamedTuple):
    writes: int  # erases among them
    erases: int
    of_one_block: int


def measure(role: str) -> Wear:
    """Of one day."""
    with tempfile.TemporaryDirectory(prefix="gridtide-") as folder:
        said = play_day(role, Path(folder), _NO_CUT, 1, "0")
    return Wear(*map(int, said[-2].split()[::2]))


def years(erases_a_day: int) -> float:
    return ERASES_A_BLOCK_LIVES / erases_a_day / _DAYS


def figures() -> dict[str, dict[str, float]]:
    found = {}
    for role in _ROLES:
        of_one_block, most = measure(role).of_one_block, ERASES_PER_BLOCK_AND_DAY_MAX
        found[f"P9 {role}: erases of one flash block in a day"] = {"value": of_one_block, "at_most": most}
        target = int(years(most))
        found[f"P9 {role}: years to 100,000 of them"] = {"value": round(years(of_one_block), 1), "target": target}
    return found


if __name__ == "__main__":
    for role in _ROLES:
        wear = measure(role)
        print(
            f"{role}: {wear.writes} writes a day, {wear.erases} of them erases, at most {wear.of_one_block} of a block"
        )
        print(f"  {years(wear.of_one_block):.0f} years until a block has {ERASES_A_BLOCK_LIVES:,}")
