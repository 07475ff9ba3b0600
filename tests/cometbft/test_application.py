"""The application as CometBFT meets it: what the door lets in, what a block may be, what survives a crash."""

from random import Random

import cbor2
import pytest

from chain.cometbft.application import app_state, chain_id
from chain.cometbft.sequence import AHEAD_MAX
from chain.cometbft.verified import Verified
from chain.embedded import EmbeddedLedger
from chain.errors import LedgerError, WrongGenesis
from chain.order import order
from chain.state import u32
from chain.status import Status
from chain.verify import verify
from phone.errors import ProofError
from phone.proof import check_state
from tests.chain.some_days import play
from tests.chain.story import TERMS
from tests.chain.test_weights import set_weight
from tests.chain.world import START, World, window
from tests.cometbft.node import Node
from wire import ledger_time, message, proof
from wire.contract import SUPPLY

SOLE = b"no transaction at all"
ADVANCE = ledger_time.ADVANCE_LAYOUT, (1, START + 1)


@pytest.fixture(scope="module")
def days() -> World:
    return play(intervals=6)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def node(world, tmp_path) -> Node:
    return Node(tmp_path / "node", world.genesis)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_log_has_the_same_app_hash_as_under_the_embedded_engine(days, tmp_path, seed):
    """One transaction to an embedded block; blocks of any size here; a restart now and then."""
    random, node, statuses, at = Random(seed), Node(tmp_path / "node", days.genesis), [], 0
    while at < len(days.log):
        size = random.choice((0, 1, 3, 40))
        result = node.decide(days.log[at : at + size])
        statuses += [Status(one.code) for one in result.tx_results]
        at += size
        if random.random() < 0.1:
            node.restart()
    embedded = EmbeddedLedger.open(tmp_path / "embedded.sqlite", days.genesis)
    for transaction in days.log:
        embedded.commit([transaction])
    assert node.app_hash == embedded.app_hash == days.state.app_hash == result.app_hash
    assert statuses == days.statuses
    node.application.close()
    verified = verify(node.directory / "ledger.sqlite", days.genesis)
    assert not verified.faults and verified.state.app_hash == days.state.app_hash


def test_a_crash_between_finalize_and_commit_loses_nothing_and_repeats_nothing(days, tmp_path):
    node = Node(tmp_path / "node", days.genesis)
    node.decide(days.log[:12])
    first = node.finalize(days.log[12:20])
    node.restart()
    info = node.ask("info")
    assert (info.last_block_height, info.last_block_app_hash) == (1, node.app_hash)
    assert node.finalize(days.log[12:20]) == first
    # CometBFT alone fell and is back: the same application is asked again.
    assert node.ask("info") == info
    assert node.decide(days.log[12:20]) == first
    assert node.ask("info").last_block_height == 2
    for transaction in days.log[20:]:
        node.decide([transaction])
    assert node.app_hash == days.state.app_hash


def test_each_signature_is_worked_out_once(days, tmp_path):
    node = Node(tmp_path / "node", days.genesis)
    for transaction in days.log[:12]:
        assert node.check(transaction) == "APPLIED"
    node.ask("check_tx", tx=days.log[0], type=1)
    block = node.propose(days.log[:12])
    assert node.accepts(block)
    node.decide(block)
    verified = node.application.verified
    assert verified.worked_out == verified.remembered == 12


def test_the_memory_of_signatures_is_bounded_and_remembers_no_bad_one():
    worked_out = []

    def verify_one(public_key: bytes, message: bytes, signature: bytes) -> bool:
        worked_out.append(message)
        return message != b"bad"

    verified = Verified(verify_one, remembered_max=2)
    for signed in (b"1", b"2", b"1", b"bad", b"bad", b"3", b"1"):
        assert verified(bytes(32), signed, bytes(64)) == (signed != b"bad")
    assert worked_out == [b"1", b"2", b"bad", b"bad", b"3", b"1"] and len(verified) == 2
    assert verified(bytes(32), b"1", bytes(64)) and not verified(b"\1" * 32, b"bad", bytes(64))


def test_the_door(world, node):
    """One transaction, one status; what is APPLIED here waits for a block."""
    cloud = world.registration("cloud", "cloud")
    forged = bytearray(cloud)
    forged[-1] ^= 1
    assert [node.check(one) for one in (SOLE, cloud[:-1], bytes(forged))] == ["MALFORMED", "MALFORMED", "BAD_SIGNATURE"]
    world.must(cloud)
    advance, foreign = world.advance(START + 1), world.sign("cloud", 65001, *ADVANCE)
    assert node.check(advance) == "UNKNOWN_SIGNER", "before the operator said who that is"
    assert node.check(cloud) == "APPLIED"
    assert node.check(advance) == "APPLIED", "as soon as the registration waits"
    assert node.check(foreign) == "UNKNOWN_KIND"
    node.decide([cloud])
    assert node.check(cloud) == "NONCE_STALE"
    assert node.check(world.sign("cloud", 65012, *ADVANCE, network=b"othernet")) == "BAD_SIGNATURE"


def test_the_door_knows_whose_turn_it_is(world, node):
    world.people()
    node.decide(world.log)
    far = ADVANCE[0], (AHEAD_MAX + 1, START + 1)
    near = ADVANCE[0], (AHEAD_MAX, START + 1)
    assert [node.check(world.sign("cloud", 65012, *one)) for one in (near, far)] == ["APPLIED", "NONCE_GAP"]
    assert node.check(world.sign("user-m1", 65012, *ADVANCE)) == "NOT_PERMITTED"
    block = world.light_block("area", window(START), {"m1": {"consumed_wh": 100}})
    receipt = world.receipt("m1", 1)
    assert node.check(block) == node.check(receipt) == "APPLIED"
    node.decide([block, receipt])
    assert (node.check(block), node.check(receipt)) == ("NUMBER_STALE", "RECEIPT_KNOWN")


def test_a_proposal_is_in_the_ledgers_order_within_the_limits_and_in_turn(days, node, world):
    world.people()
    node.decide(world.log)
    one, two, three = (world.sign("cloud", 65012, ADVANCE[0], (nonce, START + nonce)) for nonce in (1, 2, 3))
    receipts = [world.receipt("m1", number) for number in range(1, 40)]
    block = node.propose([three, *receipts, two, SOLE, one, one])
    assert list(block) == order([one, two, three, *receipts])
    assert node.accepts(block)
    assert list(node.propose([three, two])) == [], "they wait for the first"
    assert list(node.propose([three, one])) == [one]
    some = node.propose([*receipts, one], bytes_max=1000)
    assert 0 < sum(map(len, some)) <= 1000 and set(some) == set(receipts[: len(some)]), "the oldest first"
    shifted = node.propose([two, *receipts, one], bytes_max=len(two) + 10)
    assert list(shifted) == [], "without its turn it is left out"


def test_what_is_no_proposal(world, node):
    world.people()
    log = order(world.log)
    assert node.accepts(log) and node.accepts([])
    assert not node.accepts(log[::-1]), "another order"
    assert not node.accepts([*log, log[-1]]), "twice"
    assert not node.accepts([*log, SOLE]), "no transaction"
    assert not node.accepts([world.receipt("mlmd", number) for number in range(1, 4098)][:4097]), "too many"


def test_votes_carry_nothing(node):
    assert node.ask("extend_vote", height=1).vote_extension == b""
    assert node.ask("verify_vote_extension", vote_extension=b"").status == 1
    assert node.ask("verify_vote_extension", vote_extension=b"x").status == 2
    assert node.ask("echo", message="hello").message == "hello" and node.ask("flush") == ()


def test_another_ledgers_genesis_is_refused(node):
    other = World(start_interval=START + 1).genesis
    assert chain_id(other) == chain_id(node.genesis)
    for wrong in ({"chain_id": "gridtide-other"}, {"app_state_bytes": app_state(other)}):
        with pytest.raises(WrongGenesis):
            node.init_chain(**wrong)


def test_questions_are_answered_with_a_proof(days, tmp_path):
    node = Node(tmp_path / "node", days.genesis)
    node.decide(days.log)
    state, user = days.state, days.id("user-m2")
    found = node.ask("query", path="wallet", data=user, prove=1)
    assert (found.code, found.height) == (0, 1) and tuple(cbor2.loads(found.value)) == state.wallets.get(user)
    (operation,) = found.proof_ops.ops
    proved = message.decode(proof.STATE, operation.data)
    assert bytes((proved.table,)) + proved.key == found.key == operation.key
    assert check_state(proved, state.app_hash) == found.value and len(operation.data) < 2000
    with pytest.raises(ProofError):
        check_state(proved._replace(value=found.value + b"x"), state.app_hash)
    none = node.ask("query", path="wallet", data=b"nobody", prove=1)
    assert none.code == 2
    assert check_state(message.decode(proof.STATE, none.proof_ops.ops[0].data), state.app_hash) is None
    assert node.ask("query", path="/state/prices", data=u32(START), height=1).value
    assert node.ask("query", path="app_hash").value == state.app_hash
    assert node.ask("query", path="interval").value == u32(state.interval)
    assert int.from_bytes(node.ask("query", path="nonce", data=days.id("cloud")).value, "big") > 6
    refused = [{"path": "wallet", "data": b"nobody"}, {"path": "secrets"}, {"path": "app_hash", "height": 7}]
    assert [node.ask("query", **one).code for one in refused] == [2, 1, 3]


def test_a_ledger_that_is_damaged_is_not_served(days, tmp_path):
    node = Node(tmp_path / "node", days.genesis)
    node.decide(days.log[:12])
    node.application.close()
    path = node.directory / "ledger.sqlite"
    path.write_bytes(path.read_bytes().replace(days.id("user-m1"), days.id("user-m2")))
    with pytest.raises(LedgerError):
        node.restart()


def test_contracts_of_people_registered_in_the_same_block(world, node):
    """The door knows who waits, and the block's order puts registrations first."""
    world.people()
    world.must(world.contract("user-m1", 1, SUPPLY, "m1", TERMS[SUPPLY]))
    for transaction in world.log:
        assert node.check(transaction) == "APPLIED"
    assert not any(one.code for one in node.decide(node.propose(world.log[::-1])).tx_results)
    assert node.app_hash == world.state.app_hash


# Validators


def test_voting_power_follows_the_weights(world, tmp_path):
    """What genesis gave counts until four organisations have a weight; a crash tells CometBFT the same again."""
    keys = [world.key(f"validator {number}").public for number in range(5)]
    node = Node(tmp_path / "node", world.genesis, validators=dict.fromkeys((*keys[:3], keys[4]), 10))
    told = dict.fromkeys((*keys[:3], keys[4]), 10)
    with pytest.raises(WrongGenesis):
        node.init_chain(validators=())
    for number in range(4):
        world.must(set_weight(world, f"validator {number}", f"organisation {number}", 100 if number == 0 else 1))
        first = node.finalize(world.log[-1:])
        node.restart()
        assert node.decide(world.log[-1:]) == first
        told |= {update.pub_key.ed25519: update.power for update in first.validator_updates}
        assert bool(first.validator_updates) == (number == 3)
    assert told == {keys[0]: 1499, keys[1]: 1000, keys[2]: 1000, keys[3]: 1000, keys[4]: 0}
    assert not node.decide([]).validator_updates
    node.restart()
    world.must(set_weight(world, "validator 0", "organisation 0", 1))
    assert [update.power for update in node.decide(world.log[-1:]).validator_updates] == [1000]
