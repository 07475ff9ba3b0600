"""What the ledger holds of a person: boxes that two keys open, and keys that change with the period."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey

from chain import settlement_key
from chain.profile import STEP, Particulars, ProfileError, open_box, seal
from chain.rules.record_profile import OVERHEAD
from chain.status import Status
from hil import profile as of_the_bench
from tests.chain.world import World
from wire import kind, profile

AINO = Particulars("Aino Aaltonen", "Batterigatan 7, 00100", "60.169857 N 24.938379 E", ("heat pump", "10 kWh battery"))
USER, OPERATOR, STRANGER = (SigningKey(bytes([number] * 32)) for number in (1, 2, 3))


def public(key: SigningKey) -> bytes:
    return bytes(key.verify_key)


def test_user_and_operator_open_it_and_nobody_else():
    boxes = seal(AINO, (public(USER), public(OPERATOR)))
    assert [open_box(box, bytes(key)) for box, key in zip(boxes, (USER, OPERATOR), strict=True)] == [AINO, AINO]
    for box in boxes:
        assert len(box) == STEP + OVERHEAD and b"Aino" not in box and b"battery" not in box
        with pytest.raises(ProfileError):
            open_box(box, bytes(STRANGER))
    with pytest.raises(ProfileError):
        open_box(boxes[0][:-1] + b"\0", bytes(USER))
    with pytest.raises(ProfileError):
        seal(AINO._replace(name="A" * 7 * STEP), (public(USER),))


def test_the_benchs_boxes_are_sealed_boxes():
    plain = of_the_bench.particulars("1", "meter-01", ["heater"])
    (box,) = of_the_bench.boxes("1", plain, public(OPERATOR))
    assert open_box(box, bytes(OPERATOR)) == Particulars(plain[0], plain[1], plain[2], ("heater",))


def test_a_profile_on_the_ledger():
    world = World().people()
    boxes = seal(AINO, (world.key("user-m1").public, world.key("operator").public))

    def left(who: str, one: bytes, other: bytes) -> Status:
        return world.one(world.sign(who, kind.PROFILE, profile.LAYOUT, (world.next_nonce(who), one, other)))

    assert left("m1", *boxes) is Status.NOT_PERMITTED
    assert left("user-m1", boxes[0], boxes[1][:-1]) is Status.PROFILE_NOT_PADDED
    assert left("user-m1", boxes[0], bytes(48)) is Status.PROFILE_NOT_PADDED
    assert left("user-m1", *boxes) is Status.APPLIED
    assert world.state.profiles.get(world.id("user-m1")) == boxes
    stored = b"".join(world.state.tables[number].encoded(key) for (number, key) in world.state.unsaved) + b"".join(
        world.log
    )
    for word in (*AINO[:3], *AINO.equipment):
        assert word.encode() not in stored


def test_both_know_the_settlement_key_and_only_the_user_signs():
    secret = settlement_key.shared_secret(bytes(OPERATOR), public(USER))
    assert secret == settlement_key.shared_secret(bytes(USER), public(OPERATOR))
    mine = settlement_key.SettlementKey(bytes(USER), public(OPERATOR), 676)
    assert mine.public_key == settlement_key.public_key(secret, public(USER), 676)
    VerifyKey(mine.public_key).verify(b"paid", mine.sign(b"paid"))
    assert settlement_key.public_key(
        settlement_key.shared_secret(bytes(STRANGER), public(USER)), public(USER), 676
    ) != (mine.public_key)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**32 - 1), st.binary(max_size=200))
def test_every_period_has_a_sound_key_of_its_own(seed, period, data):
    key = settlement_key.SettlementKey(seed, public(OPERATOR), period)
    VerifyKey(key.public_key).verify(data, key.sign(data))  # PyNaCl refuses keys of small order
    other = settlement_key.SettlementKey(seed, public(OPERATOR), (period + 1) % 2**32)
    assert len({key.public_key, other.public_key, bytes(SigningKey(seed).verify_key)}) == 3
    assert key.sign(data)[:32] != other.sign(data)[:32], "nonces of two periods are never the same"
