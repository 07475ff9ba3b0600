"""
Arithmetic on origins: energy as an ordered list of the lots it came from. Nothing here makes or loses a Wh.
"""

from collections.abc import Iterable, Mapping

from chain.lot import Origin, total_wh
from chain.share import pro_rata

Origins = tuple[Origin, ...]


def joined(rows: Iterable[Origin]) -> Origins:
    """In the same order; neighbours of one lot made one, empty ones left out: the form in which origins are kept."""
    result: list[Origin] = []
    for row in rows:
        if result and result[-1][:3] == row[:3]:
            result[-1] = row._replace(energy_wh=result[-1].energy_wh + row.energy_wh)
        elif row.energy_wh:
            result.append(row)
    return tuple(result)


def gathered(rows: Iterable[Origin]) -> Origins:
    """Each lot once, in the order of lots."""
    return joined(sorted(rows))


def draw(rows: Origins, energy_wh: int) -> tuple[Origins, Origins]:
    """The first `energy_wh` (or all there is), and the rest."""
    first: list[Origin] = []
    for number, row in enumerate(rows):
        taken_wh = min(row.energy_wh, energy_wh)
        energy_wh -= taken_wh
        first.append(row._replace(energy_wh=taken_wh))
        if taken_wh < row.energy_wh:
            left = row._replace(energy_wh=row.energy_wh - taken_wh)
            return joined(first), (left, *rows[number + 1 :])
    return joined(first), ()


def without_last(rows: Origins, last: Origins) -> Origins:
    """`rows` as they were before `last` was put after them."""
    kept = list(rows)
    for row in reversed(last):
        assert kept and kept[-1][:3] == row[:3] and kept[-1].energy_wh >= row.energy_wh
        left = kept.pop()
        if left.energy_wh > row.energy_wh:
            kept.append(left._replace(energy_wh=left.energy_wh - row.energy_wh))
    return tuple(kept)


def part(rows: Origins, energy_wh: int) -> Origins:
    """`energy_wh` out of all rows in proportion, to the Wh (chain/share.py); a row for each, also an empty one."""
    shares = pro_rata({number.to_bytes(4, "big"): row.energy_wh for number, row in enumerate(rows)}, energy_wh)
    return tuple(row._replace(energy_wh=share) for row, share in zip(rows, shares.values(), strict=True))


def deal(rows: Origins, wanted: Mapping[bytes, int]) -> dict[bytes, Origins]:
    """All of `rows` dealt out: each taker gets what it wants, of every origin in proportion. The two sums are equal."""
    assert total_wh(rows) == sum(wanted.values())
    dealt = {}
    for taker in sorted(wanted):
        share = part(rows, wanted[taker])
        dealt[taker] = joined(share)
        pairs = zip(rows, share, strict=True)
        rows = tuple(row._replace(energy_wh=row.energy_wh - taken.energy_wh) for row, taken in pairs)
    return dealt
