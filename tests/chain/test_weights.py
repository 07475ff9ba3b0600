"""Weights of validators: what the ledger takes, and that no organisation ever comes to a third of the power."""

from hypothesis import given
from hypothesis import strategies as st

from chain.status import Status
from chain.weights import ORGANISATIONS_MIN, SCALE, VALIDATORS_MAX, Validator, changes, is_shared, powers
from tests.chain.world import World
from wire import kind, weight


def set_weight(world: World, validator: str, organisation: str, number: int, **changed) -> bytes:
    fields = {"nonce": world.next_nonce("operator"), "validator_key": world.key(validator).public}
    fields |= {"organisation_id": world.id(organisation), "weight": number}
    return world.sign("operator", kind.WEIGHT, weight.LAYOUT, {**fields, **changed}.values())


def test_the_latest_weight_counts():
    world = World()
    table = [
        (set_weight(world, "v1", "o1", 5, validator_key=bytes(32)), Status.KEY_WEAK),
        (set_weight(world, "v1", "o1", 0), Status.APPLIED),  # it never was one
    ]
    assert [world.one(transaction) for transaction, _ in table] == [status for _, status in table]
    for number in (1, 2, 3, 4):
        assert not is_shared(dict(world.state.validators.items()))
        world.must(set_weight(world, f"v{number}", f"o{number}", 10))
    assert world.one(set_weight(world, "v4", "o3", 10)) is Status.ORGANISATIONS_TOO_FEW
    assert world.one(set_weight(world, "v4", "o4", 0)) is Status.ORGANISATIONS_TOO_FEW
    world.must(set_weight(world, "v5", "o5", 30))
    world.must(set_weight(world, "v4", "o4", 0))
    kept = dict(world.state.validators.items())
    assert {world.name_of(key): one for key, one in kept.items()}.keys() == {"grid"} and len(kept) == 4
    assert kept[world.key("v5").public] == Validator(world.id("o5"), 30)


def test_there_are_not_too_many():
    world = World()
    for number in range(VALIDATORS_MAX):
        world.must(set_weight(world, f"v{number}", f"o{number % 7}", 1))
    assert world.one(set_weight(world, "one more", "o1", 1)) is Status.VALIDATORS_TOO_MANY
    world.must(set_weight(world, "v0", "o1", 2))
    assert sum(powers(dict(world.state.validators.items())).values()) == SCALE * (VALIDATORS_MAX + 1)


def of(*weights: tuple[str, int]) -> dict[bytes, Validator]:
    return {bytes((at,)): Validator(name.encode(), weight) for at, (name, weight) in enumerate(weights)}


def test_powers_by_example():
    """Who has less than a third keeps the weight's worth; who has more is cut, however many keys it has."""
    even = of(("a", 1), ("b", 1), ("c", 1), ("d", 1))
    assert list(powers(even).values()) == [1000] * 4
    one_heavy = of(("a", 100), ("a", 100), ("b", 1), ("c", 1), ("d", 1))
    assert list(powers(one_heavy).values()) == [750, 749, 1000, 1000, 1000]
    two_heavy = of(("a", 100), ("b", 90), ("c", 1), ("d", 1))
    assert list(powers(two_heavy).values()) == [1999, 1999, 1000, 1000]
    assert powers(of(("a", 1), ("b", 1), ("c", 1), ("d", 0))) == {}
    assert powers({}) == {}


WEIGHTS = st.dictionaries(
    st.binary(min_size=1, max_size=2),
    st.builds(Validator, st.sampled_from([b"a", b"b", b"c", b"d", b"e", b"f"]), st.integers(0, 0xFFFFFFFF)),
    max_size=12,
)


@given(WEIGHTS)
def test_no_organisation_has_a_third(weights):
    found = powers(weights)
    total, by_organisation = sum(found.values()), dict.fromkeys((one.organisation_id for one in weights.values()), 0)
    for key, power in found.items():
        assert power > 0 and weights[key].weight > 0
        by_organisation[weights[key].organisation_id] += power
    assert all(3 * power < total for power in by_organisation.values()) or not found
    assert bool(found) == is_shared(weights) and (not found or len(by_organisation) >= ORGANISATIONS_MIN)
    assert total < (1 << 63) // 8, "CometBFT takes no more"


@given(WEIGHTS, WEIGHTS)
def test_changes_lead_from_one_to_the_other(before, after):
    old, new = powers(before), powers(after)
    told = changes(old, new)
    assert {key: power for key, power in (old | told).items() if power} == new
    assert all(old.get(key, 0) != power for key, power in told.items())
