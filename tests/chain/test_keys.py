"""Keys change and end; what was signed before still verifies. Scenario R19: a device's key is stolen."""

from chain.keys import counted_in, keys_of
from chain.order import order
from chain.state import u32
from chain.status import Status
from chain.transition import apply_block
from tests.chain.story import check, statuses_in
from tests.chain.world import NETWORK, START, Key, World, window
from wire import kind, revocation, rotation
from wire.interval import start_of
from wire.reading import HAS_HEATER

ROTATION = """
    rotate m9 m9 k2                    UNKNOWN_SIGNER
    rotate operator m9 k2              SUBJECT_NOT_FOUND
    rotate m2 m1 k2                    KEY_OF_ANOTHER
    rotate mlmd m1 k2                  KEY_OF_ANOTHER
    rotate operator area k2            KEY_FIXED
    rotate area area k2                NOT_PERMITTED
    rotate cloud m1 k2                 NOT_PERMITTED
    rotate m1 m1 identity              KEY_WEAK
    rotate m1 m1 m1                    KEY_SPENT
    rotate m1 m1 k2/nobody             KEY_UNPROVED
    rotate m1 m1 k2/m1                 KEY_UNPROVED         # a stranger's key, or one that is lost already
    rotate operator m1 k2/m1           KEY_UNPROVED
    rotate m1 m1 k2                    APPLIED
    rotate m1 m1 k2                    BAD_SIGNATURE        # a replay: the old key signed it
    rotate operator m1 m1              KEY_SPENT            # no way back
    rotate operator m1 k3/nobody       APPLIED              # k2 is lost
    rotate user-m1 user-m1 k4          APPLIED
"""

REVOCATION = """
    revoke m2 m1                       NOT_PERMITTED
    revoke operator m9                 SUBJECT_NOT_FOUND
    revoke operator m1 reason=9        REASON_UNKNOWN
    receipt m1 1 0                     APPLIED
    revoke operator m1                 APPLIED
    receipt m1 2 0                     SIGNER_REVOKED
    rotate m1 m1 k2                    SIGNER_REVOKED
    rotate operator m1 k2              SUBJECT_REVOKED
    revoke operator m1                 SUBJECT_REVOKED
    register m1 meter owner=user-m1 area=area  SUBJECT_TAKEN
    receipt m2 1 0                     APPLIED              # nobody else is touched
"""


class Keyring(World):
    """A world whose stories rotate and revoke."""

    def rotation(self, signer: str, subject: str, new: str) -> bytes:
        """new: whose key is to be the next; after a "/" who signs in its place that it is there, or nobody."""
        name, _, prover = new.partition("/")
        public = bytes([1]) + bytes(31) if name == "identity" else self.key(name).public
        said = rotation.possession(NETWORK, self.id(subject), public)
        proof = b"" if prover == "nobody" else self.key(prover or name).sign(said)
        return self.sign(signer, kind.ROTATION, rotation.LAYOUT, (0, self.id(subject), public, proof))

    def revocation(self, signer: str, subject: str, reason: int = 1) -> bytes:
        fields = (self.next_nonce(signer), self.id(subject), reason)
        return self.sign(signer, kind.REVOCATION, revocation.LAYOUT, fields)

    def take_key(self, name: str, of: str) -> None:
        """From now on `name` signs with the key of another name, under its own id."""
        key, identity = Key(of), self.id(name)
        key.id = identity
        self.keys[name] = key


def told(text: str) -> Keyring:
    world = Keyring().people()
    for line in text.strip().splitlines():
        words = line.split("#")[0].split()
        if words[0] == "rotate":
            status = world.one(world.rotation(*words[1:4]))
        elif words[0] == "revoke":
            reason = int(words[3].partition("=")[2]) if "=" in words[3] else 1
            status = world.one(world.revocation(*words[1:3], reason))
        else:
            check(world, line)
            continue
        assert status.name == words[-1], line
    return world


def test_rotation():
    world = told(ROTATION)
    state, subject_id = world.state, world.id("m1")
    assert [period.public_key for period in keys_of(state, subject_id)] == [
        world.key(name).public for name in ("m1", "k2", "k3")
    ]
    assert state.subjects.get(subject_id).public_key == world.key("k3").public


def test_revocation():
    world = told(REVOCATION)
    assert [period.until_interval for period in keys_of(world.state, world.id("m1"))] == [START]


def test_the_statuses_of_keys_are_reached():
    named = {name for name in Status.__members__ if 140 <= Status[name] < 160}
    assert named | {"SIGNER_REVOKED"} <= {status.name for status in statuses_in(ROTATION) | statuses_in(REVOCATION)}


def test_the_new_key_signs_and_the_old_one_does_not():
    world = told("rotate m1 m1 k2  APPLIED")
    assert world.one(world.receipt("m1", 1)) is Status.APPLIED, "it has not heard yet"
    check(world, "advance +2 APPLIED")
    assert world.one(world.receipt("m1", 2)) is Status.BAD_SIGNATURE
    before_s = start_of(START + 1) + 61
    assert world.one(world.receipt("m1", 2, acted_s=before_s)) is Status.APPLIED, "acted before, told later"
    world.take_key("m1", of="k2")
    assert world.one(world.receipt("m1", 3)) is Status.APPLIED


def test_in_one_block_what_the_old_key_signed_goes_first():
    world = Keyring().people()
    log = [world.receipt("m1", 1), world.rotation("m1", "m1", "k2")]
    assert order(reversed(log)) == log
    assert [status.name for status in world.apply(*log).statuses] == ["APPLIED", "APPLIED"]


def test_old_data_verifies_with_the_key_of_its_time():
    world = told("rotate m1 m1 k2  APPLIED")
    check(world, "advance +3 APPLIED")
    world.take_key("m1", of="k2")
    world.must(world.rotation("m1", "m1", "k3"))
    check(world, "advance +5 APPLIED")
    world.must(world.revocation("operator", "m1"))
    first, second, third = (Key(name).public for name in ("m1", "k2", "k3"))
    counted = [counted_in(world.state, world.id("m1"), START + i) for i in range(7)]
    assert counted == [[first, second], [second], [second], [second, third], [third], [third], []]


def test_a_stolen_key():
    """The thief signs, and even rotates; the operator ends it, and the device goes on under a key of its own."""
    world = Keyring().people()
    world.must(world.rotation("m1", "m1", "thief"))
    check(world, "advance +2 APPLIED")
    assert world.one(world.receipt("m1", 1)) is Status.BAD_SIGNATURE, "the device itself is locked out, and is noticed"
    world.must(world.rotation("operator", "m1", "made anew"))
    world.take_key("m1", of="thief")
    assert world.one(world.receipt("m1", 1)) is Status.BAD_SIGNATURE
    assert world.one(world.rotation("m1", "m1", "thief again")) is Status.BAD_SIGNATURE
    world.take_key("m1", of="made anew")
    world.must(world.receipt("m1", 1))


def test_what_a_revoked_device_measures_is_not_booked_whoever_commits_it():
    """Its windows of the interval it ended in count; of every later one the light block is taken, and its entry not."""
    world = Keyring().people()
    rows = {"m1": {"consumed_wh": 5}, "m2": {"consumed_wh": 7}, "mlmd": {"consumed_wh": 12}}
    world.must(world.light_block("area", window(START), rows))
    world.must(world.revocation("operator", "m1"))
    world.must(world.light_block("area", window(START, 1), rows))
    check(world, "advance +1 APPLIED")
    world.must(world.light_block("area", window(START + 1), rows))
    booked = [world.state.books.get(u32(interval) + world.id("m1")) for interval in (START, START + 1)]
    assert booked[0].consumed_wh == 10 and booked[1] is None
    world.must(world.revocation("operator", "mlmd"))
    check(world, "advance +2 APPLIED")
    world.must(world.light_block("area", window(START + 2), rows))
    assert world.state.area_wh.get(u32(START + 2) + world.id("area")).number == 0
    assert world.state.books.get(u32(START + 2) + world.id("m2")).consumed_wh == 7, "nobody else is touched"


def test_a_revoked_device_is_decided_for_no_more():
    world = Keyring().people()
    check(world, "contract user-m1 1 deferrable m1 APPLIED\n contract user-m2 2 deferrable m2 APPLIED")
    warm = {"consumed_wh": 500, "temperature_mc": 50_000, "flags": HAS_HEATER}
    world.must(world.light_block("area", window(START), {"m1": warm, "m2": warm}))
    check(world, "advance +1 APPLIED\n settle +0 APPLIED\n price APPLIED")
    assert {one.device_id for one in world.decisions} == {world.id("m1"), world.id("m2")}
    world.must(world.revocation("operator", "m1"))
    check(world, "advance +2 APPLIED\n price APPLIED")
    assert [one.device_id for one in world.decisions[2:]] == [world.id("m2")]
    check(world, "close user-m1 1 APPLIED\n contract user-m1 3 deferrable m1 DEVICE_NOT_FOUND")


def test_the_state_of_keys_is_a_function_of_the_log():
    world = told(ROTATION)
    again = Keyring()
    assert apply_block(again.state, world.log).app_hash == world.state.seal()
