"""
Weights of validators and what they come to as voting power. No organisation's power reaches a third of the whole,
however heavy it is: whoever has a third can stop the network, and with two thirds decides alone.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from chain.share import pro_rata

ORGANISATIONS_MIN = 4  # of three, one always has a third
VALIDATORS_MAX = 100
SCALE = 1000  # power of one unit of weight, so that capping does not round small ones away


class Validator(NamedTuple):
    """By the key it votes with."""

    organisation_id: bytes
    weight: int


def is_shared(weights: Mapping[bytes, Validator]) -> bool:
    """Whether enough organisations have a weight for none of them to need a third."""
    return len({one.organisation_id for one in weights.values() if one.weight}) >= ORGANISATIONS_MIN


def powers(weights: Mapping[bytes, Validator]) -> dict[bytes, int]:
    """Voting power by validator key; empty while too few organisations have a weight."""
    if not is_shared(weights):
        return {}
    members: dict[bytes, dict[bytes, int]] = {}
    for key, one in weights.items():
        members.setdefault(one.organisation_id, {})[key] = one.weight * SCALE
    most = _most([sum(asked.values()) for asked in members.values()])
    shared: dict[bytes, int] = {}
    for asked in members.values():
        shared |= pro_rata(asked, min(most, sum(asked.values())))
    return {key: power for key, power in shared.items() if power}


def in_force(
    weights: Mapping[bytes, Validator], genesis: Mapping[bytes, int], excluded: Collection[bytes]
) -> dict[bytes, int]:
    """
    Voting power by validator key: by the weights, or as CometBFT's genesis has it while they are shared among too few;
    without those that were excluded. Where too few organisations are left, the others keep what they had.
    """
    left = {key: one for key, one in weights.items() if key not in excluded}
    before = powers(left) or powers(weights) or dict(genesis)
    return {key: power for key, power in before.items() if key not in excluded} or before


def _most(totals: list[int]) -> int:
    """
    What one organisation may have: the k heaviest are cut to the greatest x with 3x < k*x + rest.

    k = 2 is always enough: with four of them the rest is more than the third heaviest alone.
    """
    ordered = sorted(totals, reverse=True)
    if 3 * ordered[0] < sum(ordered):
        return ordered[0]
    most = (sum(ordered[1:]) - 1) // 2
    return most if most >= ordered[1] else sum(ordered[2:]) - 1


def changes(before: Mapping[bytes, int], after: Mapping[bytes, int]) -> dict[bytes, int]:
    """What to tell the engine: the new power of every validator whose power is another one; 0 takes it out."""
    changed = {key: after.get(key, 0) for key in before.keys() | after.keys()}
    return {key: changed[key] for key in sorted(changed) if changed[key] != before.get(key, 0)}
