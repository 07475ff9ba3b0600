"""A validator that votes twice in one round, convicted by its two signatures; and what is no double vote."""

from dataclasses import dataclass

import pytest

from chain.cometbft.offences import sign_bytes
from chain.double_vote import chain_id_of
from chain.status import Status
from chain.weights import in_force
from tests.chain.test_weights import set_weight
from tests.chain.world import NETWORK, World
from wire import double_vote, kind

CHAIN = chain_id_of(NETWORK)


@dataclass(frozen=True)
class Vote:
    by: str = "v1"
    block: str = "aa"
    height: int = 7
    round: int = 0
    type: int = 2
    chain: str = CHAIN
    at: str = "2026-11-20T16:00:00.123456789Z"

    def signed(self, world: World) -> tuple[bytes, bytes]:
        parts = {"total": 1, "hash": self.block * 32 if self.block else ""}
        vote = {"block_id": {"hash": self.block * 32 if self.block else "", "parts": parts}, "timestamp": self.at}
        content = sign_bytes(vote | {"type": self.type, "height": self.height, "round": self.round}, self.chain)
        return content, world.key(self.by).sign(content)


@pytest.fixture
def world():
    made = World().people()
    for number in range(1, 6):
        made.must(set_weight(made, f"v{number}", f"organisation {number}", 10))
    return made


def accuse(world: World, first: Vote, second: Vote, who: str = "m1", named: str = "v1") -> Status:
    fields = (world.next_nonce(who), world.key(named).public, *first.signed(world), *second.signed(world))
    return world.one(world.sign(who, kind.DOUBLE_VOTE, double_vote.LAYOUT, fields))


def power(world: World) -> dict[str, int]:
    excluded = {key for key, _ in world.state.excluded.items()}
    found = in_force(dict(world.state.validators.items()), {}, excluded)
    names = {world.key(f"v{number}").public: f"v{number}" for number in range(1, 6)}
    return {names[key]: value for key, value in sorted(found.items())}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Vote(), Vote(block="bb")),
        (Vote(type=1), Vote(type=1, block="")),  # for a block and for none
        (Vote(height=2**40, round=3), Vote(height=2**40, round=3, block="bb", at="2026-11-20T16:00:01Z")),
    ],
)
def test_it_is_recorded_once_and_its_voting_power_is_gone(world, first, second):
    assert set(power(world)) == {"v1", "v2", "v3", "v4", "v5"}
    assert accuse(world, first, second) is Status.APPLIED
    assert set(power(world)) == {"v2", "v3", "v4", "v5"}
    assert accuse(world, second, first, "user-m1") is Status.EVIDENCE_KNOWN
    assert len(world.state.faults) == 1
    again = Vote(height=first.height + 1), Vote(height=first.height + 1, block="bb")
    assert accuse(world, *again) is Status.APPLIED, "another offence of the same validator"
    assert world.one(set_weight(world, "v1", "organisation 1", 10)) is Status.VALIDATOR_EXCLUDED
    assert world.one(set_weight(world, "v1", "organisation 1", 0)) is Status.APPLIED
    world.must(set_weight(world, "v6", "organisation 1", 10))


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (Vote(), Vote(), Status.NO_CONTRADICTION),
        (Vote(), Vote(at="2026-11-20T16:00:01Z"), Status.NO_CONTRADICTION),  # the same block again
        (Vote(), Vote(block="bb", height=8), Status.NO_CONTRADICTION),
        (Vote(), Vote(block="bb", round=1), Status.NO_CONTRADICTION),
        (Vote(), Vote(block="bb", type=1), Status.NO_CONTRADICTION),  # prevote and precommit
        (Vote(), Vote(block="bb", by="v2"), Status.EVIDENCE_FORGED),
        (Vote(by="v2"), Vote(by="v2", block="bb"), Status.EVIDENCE_FORGED),
        (Vote(chain="gridtide-other"), Vote(chain="gridtide-other", block="bb"), Status.EVIDENCE_FORGED),
        (Vote(type=32), Vote(type=32, block="bb"), Status.EVIDENCE_MALFORMED),  # a proposal
    ],
)
def test_what_is_no_double_vote(world, first, second, status):
    assert accuse(world, first, second) is status
    assert not len(world.state.excluded)


def test_bytes_that_are_no_vote(world):
    good, signature = Vote().signed(world)
    for bad in (b"\0", b"\xff" * 12, good[:-1], good + b"\0", b"\x05" + good[1:]):
        fields = (world.next_nonce("m1"), world.key("v1").public, good, signature, bad, world.key("v1").sign(bad))
        found = world.one(world.sign("m1", kind.DOUBLE_VOTE, double_vote.LAYOUT, fields))
        assert found is Status.EVIDENCE_MALFORMED


def test_only_the_operator_accuses_a_validator_of_cometbfts_genesis(world):
    votes = Vote(by="founder"), Vote(by="founder", block="bb")
    assert accuse(world, *votes, named="founder") is Status.VALIDATOR_UNKNOWN
    assert accuse(world, *votes, who="operator", named="founder") is Status.APPLIED
    founder, other = (world.key(name).public for name in ("founder", "other"))
    excluded = [key for key, _ in world.state.excluded.items()]
    assert in_force({}, {founder: 10, other: 10}, excluded) == {other: 10}


def test_where_too_few_organisations_are_left_the_others_keep_their_power(world):
    assert accuse(world, Vote(), Vote(block="bb")) is Status.APPLIED
    votes = Vote(by="v2"), Vote(by="v2", block="bb")
    before = power(world)
    assert accuse(world, *votes, named="v2") is Status.APPLIED
    assert power(world) and set(power(world)) == {"v3", "v4", "v5"} and set(before) > set(power(world))
