"""The law of the ledger as stories, one table per rule; together they end in every status."""

import pytest

from chain.query import decision, light_block_head, nonce, receipt_of, unsettled, wallet
from chain.state import GRID_ID, State, Subject
from chain.status import Status
from tests.chain.story import TERMS, check, statuses_in
from tests.chain.world import NETWORK, ROLES, START, World, window
from wire import cbor, contract, cose, kind, ledger_time, message, price, reading, registration
from wire.contract import DEFERRABLE

REGISTER = """
    register area aggregator                         AREA_NOT_ALLOWED      # an aggregator's area is its own id
    register area aggregator area=area               APPLIED
    register area aggregator area=area               SUBJECT_TAKEN
    register u1 user                                 APPLIED
    register u2 user area=area                       AREA_NOT_ALLOWED
    register u2 user owner=u1                        OWNER_NOT_ALLOWED
    register m1 meter owner=u9 area=area             OWNER_NOT_REGISTERED
    register m1 meter owner=area area=area           OWNER_NOT_REGISTERED   # no user
    register m1 meter owner=u1 area=u1               AREA_NOT_REGISTERED
    register m1 meter owner=u1 area=area energy=3    ENERGY_TYPE_UNKNOWN
    register m1 meter owner=u1 area=area energy=1    APPLIED
    register mlmd mlmd owner=u1 area=area            OWNER_NOT_ALLOWED
    register mlmd mlmd area=area                     APPLIED
    register cloud cloud area=area                   AREA_NOT_ALLOWED
    register cloud cloud                             APPLIED
    register operator user                           SUBJECT_TAKEN          # genesis has that key
"""

CONTRACTS = """
    contract user-m1 0 deferrable m1                 CONTRACT_ID_ZERO
    contract user-m1 1 9 m1                          CONTRACT_KIND_UNKNOWN
    contract user-m1 1 deferrable m9                 DEVICE_NOT_FOUND
    contract user-m1 1 deferrable mlmd               DEVICE_NOT_FOUND        # no meter
    contract user-m1 1 deferrable m2                 DEVICE_NOT_OWNED
    contract user-m1 1 deferrable m1 terms=3         TERMS_INVALID
    contract user-m1 1 deferrable m1 0=0             TERMS_INVALID           # no power
    contract user-m1 1 deferrable m1 1=65000         TERMS_INVALID           # no room between the temperatures
    contract user-m1 1 deferrable m1 6=1060          TERMS_INVALID           # on above off
    contract user-m1 1 deferrable m1 8=49            TERMS_INVALID           # no such slot
    contract user-m1 1 battery m1 0=0                TERMS_INVALID
    contract user-m1 1 battery m1 4=100              TERMS_INVALID           # no room between the states of charge
    contract user-m1 1 battery m1 5=1200             TERMS_INVALID
    contract user-m1 1 supply m1 0=-1                TERMS_INVALID
    contract user-m1 1 supply m1 prefer=1,3          PREFERENCES_INVALID     # no such type
    contract user-m1 1 supply m1 prefer=1,1          PREFERENCES_INVALID
    contract user-m1 1 supply m1 prefer=1,0          APPLIED
    contract user-m1 1 deferrable m1                 CONTRACT_ID_TAKEN
    contract user-m2 1 deferrable m2                 CONTRACT_ID_TAKEN       # ids are the whole ledger's
    contract user-m1 2 supply m1                     DEVICE_HAS_CONTRACT
    contract user-m1 2 deferrable m1                 APPLIED                 # another kind
    close user-m1 3                                  CONTRACT_NOT_FOUND
    close user-m2 1                                  CONTRACT_NOT_OWNED
    close user-m1 1                                  APPLIED
    close user-m1 1                                  CONTRACT_CLOSED
    contract user-m1 1 supply m1                     CONTRACT_ID_TAKEN       # for ever
    contract user-m1 3 supply m1                     APPLIED
"""

LIGHT_BLOCKS = """
    light_block area +0 m1:consumed_wh=5 area=u1             WRONG_AREA
    light_block area +0 m1:consumed_wh=5 number=0            NUMBER_STALE
    light_block area +0 m1:consumed_wh=5 number=2            NUMBER_GAP
    light_block area +0 m1:consumed_wh=5 previous=%s         PREVIOUS_HASH_MISMATCH
    light_block area +0 m1:consumed_wh=5 shift=1             WINDOW_NOT_ALIGNED
    light_block area +49 m1:consumed_wh=5                    WINDOW_AHEAD
    light_block area +0 m1:consumed_wh=5 part=1              PART_OUT_OF_ORDER
    light_block area +0 m9:consumed_wh=5                     ENTRY_NOT_REGISTERED
    light_block area +0 user-m1:consumed_wh=5                ENTRY_OF_ANOTHER_AREA
    light_block area +0 area:consumed_wh=5                   ENTRY_OF_ANOTHER_AREA
    light_block area +0 cloud:consumed_wh=5                  ENTRY_OF_ANOTHER_AREA
    light_block area +0 m1:consumed_wh=5 said_wh=6           AREA_SUM_WRONG
    light_block area +0 m1:consumed_wh=5 m2:produced_wh=7    APPLIED
    light_block area +0 m1:consumed_wh=5 part=0              PART_OUT_OF_ORDER
    light_block area +0 m1:consumed_wh=6                     APPLIED         # late readings: the next part
    light_block area +0.1 m1:consumed_wh=7                   APPLIED
    light_block area +48 m1:consumed_wh=1                    APPLIED         # the cloud is late
    light_block area -9 m1:consumed_wh=1                     APPLIED         # very late readings
""" % ("11" * 32)

TIME = """
    settle +0                                        INTERVAL_NOT_CLOSED
    advance +0                                       INTERVAL_NOT_AFTER
    advance -1                                       INTERVAL_NOT_AFTER
    settle -1                                        NOTHING_TO_SETTLE
    light_block area +0 m1:consumed_wh=500           APPLIED
    settle +0                                        INTERVAL_NOT_CLOSED
    advance +1                                       APPLIED
    settle +0                                        APPLIED
    settle +0                                        NOTHING_TO_SETTLE
    light_block area +0 m1:consumed_wh=1             APPLIED                # late: it counts
    settle +0                                        APPLIED
    advance +9                                       APPLIED                # may skip
    price +8                                         INTERVAL_NOT_CURRENT
    price +10                                        INTERVAL_NOT_CURRENT
    price +9 prices=1,2,3                            PRICE_MISMATCH
    price +9 prices=1                                PRICE_MISMATCH
    price +9                                         APPLIED
    price +9                                         PRICE_POSTED
"""

RECEIPTS = """
    receipt m1 1 0 outcome=3                         OUTCOME_UNKNOWN
    receipt m1 1 0 reason=16                         REASON_UNKNOWN
    receipt m1 1 0                                   APPLIED                # edge control
    receipt m1 1 0                                   RECEIPT_KNOWN
    receipt m1 1 1                                   RECEIPT_KNOWN
    receipt m2 1 0                                   APPLIED                # every device counts for itself
    receipt m1 2 9                                   DECISION_NOT_FOUND
    receipt m2 2 1                                   DECISION_OF_ANOTHER_DEVICE
    receipt m1 2 1 outcome=2 reason=6                APPLIED
    receipt m1 3 1                                   APPLIED                # obeyed at the second command
    receipt m1 4 1 outcome=2 reason=6                APPLIED
    receipt mlmd 1 0                                 APPLIED
"""
ALL = (REGISTER, CONTRACTS, LIGHT_BLOCKS, TIME, RECEIPTS)

# What no story of honest encoders can say, and the tests below do.
ELSEWHERE = {
    Status.MALFORMED,
    Status.UNKNOWN_KIND,
    Status.UNKNOWN_SIGNER,
    Status.BAD_SIGNATURE,
    Status.NOT_PERMITTED,
    Status.NONCE_STALE,
    Status.NONCE_GAP,
    Status.SIGNER_REVOKED,  # and what else changes and ends keys: test_keys.py
    Status.SUBJECT_NOT_FOUND,
    Status.SUBJECT_REVOKED,
    Status.AGGREGATOR_EXCLUDED,
    *(status for status in Status if 160 <= status < 240),  # test_exchange.py, test_evidence.py, test_ledgers.py
    Status.KEY_OF_ANOTHER,
    Status.KEY_FIXED,
    Status.KEY_SPENT,
    Status.KEY_UNPROVED,
    Status.ROLE_UNKNOWN,
    Status.KEY_WEAK,
    Status.SUBJECT_MISMATCH,
    Status.ENTRIES_NOT_ASCENDING,
    Status.RECEIPT_TOO_OLD,  # tests/chain/test_archive.py
}


def test_every_status_is_reached():
    reached = set().union(*map(statuses_in, ALL)) | ELSEWHERE
    assert reached == set(Status)


def test_register():
    world = check(World(), REGISTER)
    subject: Subject = world.state.subjects.get(world.id("m1"))
    assert subject.owner_id == world.id("u1") and subject.area_id == world.id("area") and subject.energy_type == 1


def test_contracts():
    world = check(World().people(), CONTRACTS)
    assert [key for key, agreement in world.state.contracts.items() if agreement.is_open] == [b"\0\0\0\2", b"\0\0\0\3"]


def test_light_blocks():
    world = check(World().people(), LIGHT_BLOCKS)
    book = world.state.books.get(START.to_bytes(4, "big") + world.id("m1"))
    assert book == (5 + 6 + 7, 0, 0, 0)
    assert light_block_head(world.state, world.id("area"))[0] == 5
    assert unsettled(world.state) == [START - 9]  # the open interval and those ahead are not due


def test_time_settlement_and_price():
    world = check(World().people(), TIME)
    assert wallet(world.state, world.id("user-m1")).bought_wh == 501
    assert wallet(world.state, GRID_ID).sold_wh == 501


def test_receipts():
    world = World().people()
    world.must(world.contract("user-m1", 1, DEFERRABLE, "m1", TERMS[DEFERRABLE]))
    world.must(world.price())
    check(world, RECEIPTS)
    answer = receipt_of(world.state, 1)
    assert answer.command_sequence == 3, "the first obeyed command answers the decision, whatever came before and after"
    assert decision(world.state, 1).device_id == world.id("m1") and decision(world.state, 2) is None


def refused(world: World, transaction: bytes) -> Status:
    """The status of a transaction that must leave the state as it was."""
    before = world.state.app_hash
    status = world.one(transaction)
    assert world.state.app_hash == before
    return status


def advance_to(
    world: World, signer: str = "cloud", nonce_: int = 1, interval: int = START + 1, network: bytes = NETWORK
):
    return world.sign(signer, kind.ADVANCE, ledger_time.ADVANCE_LAYOUT, (nonce_, interval), network)


def test_what_is_checked_of_every_transaction():
    world = World().people()
    good = advance_to(world)
    envelope = cose.open_envelope(good)
    other = cose.open_envelope(advance_to(world, interval=START + 2)).signature

    def resealed(**parts: bytes) -> bytes:
        signed = envelope._replace(**parts)
        return cbor.encode(cbor.Tagged(18, [signed.protected, {}, signed.payload, signed.signature]))

    user = world.key("user-m1")
    table = [
        (b"", Status.MALFORMED),
        (good[:-1], Status.MALFORMED),
        (good + b"\0", Status.MALFORMED),
        (resealed(payload=cbor.encode([1])), Status.MALFORMED),
        (resealed(payload=envelope.payload + b"\0"), Status.MALFORMED),
        (world.sign("cloud", kind.ADVANCE, price.LAYOUT, (1, START, (1,) * 16)), Status.MALFORMED),
        (world.sign("m1", kind.READING, ledger_time.ADVANCE_LAYOUT, (1, START + 1)), Status.UNKNOWN_KIND),
        (advance_to(world, "stranger"), Status.UNKNOWN_SIGNER),
        (resealed(signature=other), Status.BAD_SIGNATURE),
        (advance_to(world, network=b"another1"), Status.BAD_SIGNATURE),
        (
            message.seal(
                kind.ADVANCE, ledger_time.ADVANCE_LAYOUT, (1, START + 1), world.id("cloud"), NETWORK, user.sign
            ),
            Status.BAD_SIGNATURE,  # somebody else's key under the cloud's name
        ),
        (advance_to(world, "user-m1"), Status.NOT_PERMITTED),
        (advance_to(world, "operator"), Status.NOT_PERMITTED),
        (advance_to(world, nonce_=0), Status.NONCE_STALE),
        (advance_to(world, nonce_=2), Status.NONCE_GAP),
    ]
    for transaction, expected in table:
        assert refused(world, transaction) is expected
    world.must(good)
    assert refused(world, good) is Status.NONCE_STALE, "a replay"
    assert nonce(world.state, world.id("cloud")) == 1


@pytest.mark.parametrize("role", ["user", "meter", "mlmd", "aggregator", "operator"])
def test_only_the_cloud_moves_time(role):
    world = World().people()
    names = {"user": "user-m1", "meter": "m1", "aggregator": "area"}
    assert refused(world, advance_to(world, names.get(role, role), world.next_nonce(role))) is Status.NOT_PERMITTED


def test_keys_are_checked_at_registration():
    world = World()
    identity = b"\1" + bytes(31)
    order_eight = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    not_a_point = b"\2" + bytes(31)
    sound = world.key("someone").public
    table = [
        (9, sound, Status.ROLE_UNKNOWN),
        (0, sound, Status.ROLE_UNKNOWN),
        (ROLES["user"], identity, Status.KEY_WEAK),
        (ROLES["user"], bytes(32), Status.KEY_WEAK),
        (ROLES["user"], order_eight, Status.KEY_WEAK),
        (ROLES["user"], not_a_point, Status.KEY_WEAK),
        (ROLES["user"], world.key("other").public, Status.SUBJECT_MISMATCH),
        (ROLES["user"], sound, Status.APPLIED),
    ]
    for role, public_key, expected in table:
        fields = (1, world.id("someone"), role, public_key, bytes(8), bytes(8), 0)
        transaction = world.sign("operator", kind.REGISTRATION, registration.LAYOUT, fields)
        assert world.one(transaction) is expected


def test_entries_stand_in_ascending_order():
    world = World().people()
    good = cose.open_envelope(world.light_block("area", window(START), {"m1": {}, "m2": {}}))
    fields = cbor.decode(good.payload, 10_000)
    for wrong in (fields[8][::-1], [fields[8][0]] * 2):
        payload = cbor.encode([*fields[:8], wrong])
        transaction = cose.seal(kind.LIGHT_BLOCK, world.id("area"), payload, NETWORK, world.key("area").sign)
        assert refused(world, transaction) is Status.ENTRIES_NOT_ASCENDING


def test_a_device_of_another_area_is_refused():
    world = World().people()
    world.must(world.registration("area-2", "aggregator", area="area-2"))
    world.must(world.registration("m3", "meter", "user-m1", "area-2"))
    check(world, "light_block area +0 m3:consumed_wh=5   ENTRY_OF_ANOTHER_AREA")
    check(world, "light_block area-2 +0 m3:consumed_wh=5   APPLIED")


def test_equipment_is_remembered_as_the_latest_window_has_it():
    world = World().people()

    def told(words: str) -> int:
        check(world, f"light_block area {words} APPLIED")
        return world.state.measured.get(world.id("m1")).temperature_mc

    assert told("+0.1 m1:temperature_mc=50000") == 50_000
    assert told("+0 m1:temperature_mc=40000") == 50_000, "a late window"
    assert told("+0.1 m1:temperature_mc=51000") == 51_000
    assert told(f"+1 m1:temperature_mc=9000,flags={reading.TIME_UNCERTAIN}") == 51_000, "a window nobody is sure of"


def test_a_close_takes_effect_before_the_next_price():
    world = World().people()
    world.must(world.contract("user-m1", 1, contract.BATTERY, "m1", TERMS[contract.BATTERY]))
    check(world, "price +0 APPLIED\nadvance +1 APPLIED\nclose user-m1 1 APPLIED\nprice +1 APPLIED")
    assert [(one.interval, one.contract_id) for one in world.decisions] == [(START, 1)]


def test_statuses_and_tables_keep_their_numbers():
    """They are on ledgers already: append, never reorder."""
    assert Status.APPLIED == 0 and Status.NONCE_GAP == 7 and Status.AREA_NOT_ALLOWED == 27
    assert Status.PRICE_MISMATCH == 122 and list(Status) == sorted(Status)
    state = State(World().genesis)
    assert [state.subjects.number, state.books.number, state.wallets.number] == [2, 9, 18]
