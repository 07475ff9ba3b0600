"""
How a day wears a device's flash (P9): the erases of a meter with everything on it, counted on the bench's
flash while it lives the day that the power-cut test has (tests/firmware/whole_day.py).

A block of NOR flash is good for 100,000 erases. LittleFS moves what is written often from block to block, so no
block is the worst one every day: the years are the least there can be.
"""

import tempfile
from typing import NamedTuple

from tests.firmware.micropython import HERE, TOP, micropython

ERASES_PER_BLOCK_AND_DAY_MAX = 8
ERASES_A_BLOCK_LIVES = 100_000
_DAYS = 365
_NO_CUT = "1000000"


class Wear(NamedTuple):
    writes: int  # erases among them
    erases: int
    of_one_block: int


def measure() -> Wear:
    """Of one day."""
    with tempfile.TemporaryDirectory(prefix="gridtide-") as folder:
        path = (HERE / "by_hand", TOP / "hil" / "board")
        said = micropython("whole_day.py", folder, _NO_CUT, "1", "0", before=path, heap="64M").splitlines()
    return Wear(*map(int, said[-2].split()[::2]))


def years(erases_a_day: int) -> float:
    return ERASES_A_BLOCK_LIVES / erases_a_day / _DAYS


def figures() -> dict[str, dict[str, float]]:
    wear = measure()
    most = ERASES_PER_BLOCK_AND_DAY_MAX
    return {
        "P9 erases of one flash block in a day": {"value": wear.of_one_block, "at_most": most},
        "P9 years until a block has 100,000": {"value": round(years(wear.of_one_block), 1), "target": int(years(most))},
    }


if __name__ == "__main__":
    wear = measure()
    print(f"a day: {wear.writes} writes, {wear.erases} of them erases, at most {wear.of_one_block} of one block")
    print(f"{years(wear.of_one_block):.0f} years until a block has {ERASES_A_BLOCK_LIVES} erases")
