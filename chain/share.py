"""Sharing whole numbers out: to the unit, and the same whatever order the shares are asked for in."""

from collections.abc import Iterator, Mapping


def pro_rata(asked: Mapping[bytes, int], total: int) -> dict[bytes, int]:
    """
    `total` shared out in proportion to what is asked (total <= the sum of it): rounded down, the units left over to the
    largest remainders, ties to the smaller key. Nobody gets more than asked.
    """
    whole = sum(asked.values())
    assert 0 <= total <= whole
    if whole == total:
        return dict(asked)
    shares = {key: amount * total // whole for key, amount in asked.items()}
    left = total - sum(shares.values())
    remainders = sorted(asked, key=lambda key: (-(asked[key] * total % whole), key))
    for key in remainders[:left]:
        shares[key] += 1
    return shares


def pairs(sold: Mapping[bytes, int], bought: Mapping[bytes, int]) -> Iterator[tuple[bytes, bytes, int]]:
    """(giver, taker, amount): both sides walked by key until all is handed over. The two sums are equal."""
    givers = iter(sorted((key, amount) for key, amount in sold.items() if amount))
    giver, left = next(givers, (b"", 0))
    for taker in sorted(bought):
        wanted = bought[taker]
        while wanted:
            amount = min(wanted, left)
            yield giver, taker, amount
            wanted -= amount
            left -= amount
            if not left:
                giver, left = next(givers, (b"", 0))
