"""
An aggregator that lies or says two things, convicted by what it and the devices signed. Light blocks here are made
over real readings, by the same arithmetic as production (aggregator/light_block.py).
"""

from hashlib import sha256
from typing import Any

import pytest

from aggregator.light_block import Leaf, compose
from chain import evidence as proofs
from chain.audit import conservation
from chain.status import Status
from tests.chain.story import check
from tests.chain.world import START, World, entry, window
from wire import cose, evidence, kind, light_block, merkle, reading, revocation
from wire.interval import WINDOW_S

TRUE_WH = {"m1": 700, "m2": 300, "m3": 50}


class Court(World):
    """Three meters, one aggregator, whose light block over their readings may be bent before it is signed."""

    def __init__(self) -> None:
        super().__init__()
        self.people({"m1": 0, "m2": 0, "m3": 0})
        self.leaves: list[Leaf] = []

    def reading(self, device: str, sequence: int, **fields: int) -> bytes:
        zeros = dict.fromkeys(reading.Record._fields, 0)
        given = {"start_s": window(START), "duration_s": WINDOW_S, "consumed_wh": TRUE_WH[device], **fields}
        return self.sign(device, kind.READING, reading.LAYOUT, (1, sequence, (reading.Record(**(zeros | given)),)))

    def block(self, bend: Any = lambda block: block, half: int = 0) -> bytes:
        """Part 0 of a window, two readings of m2 in it."""
        start_s = window(START, half)
        signed = [("m1", 1), ("m2", 1), ("m2", 2), ("m3", 1)]
        leaves = [Leaf(self.id(name), 1, n, self.reading(name, n, start_s=start_s)) for name, n in signed]
        self.leaves = sorted(leaves)
        number, previous = self.state.heads.get(self.id("area"), (0, bytes(32)))
        composed = compose(number + 1, previous, self.id("area"), start_s, 0, self.leaves, frozenset())
        return self.sign("area", kind.LIGHT_BLOCK, light_block.LAYOUT, bend(composed))

    def accuse(self, shown: Any, who: str = "m1") -> Status:
        fields = shown._replace(nonce=self.next_nonce(who))
        return self.one(self.sign(who, kind.EVIDENCE, evidence.LAYOUT, fields))

    def shown(self, block: bytes, device: str) -> Any:
        return proofs.of_readings(0, block, [leaf.data for leaf in self.leaves], self.id(device))

    def is_of(self, leaf: Any, device: str) -> bool:
        return cose.open_envelope(leaf.reading).signer_id == self.id(device)

    def booked_wh(self, device: str) -> int:
        return self.state.books.get(START.to_bytes(4, "big") + self.id(device)).consumed_wh


def bent(court: Court, device: str, **fields: int) -> Any:
    def bend(block: Any) -> Any:
        rows = [row._replace(**fields) if row.device_id == court.id(device) else row for row in block.entries]
        return block._replace(entries=tuple(rows))

    return bend


@pytest.mark.parametrize(("device", "committed_wh"), [("m1", 100), ("m1", 900), ("m2", 300), ("m3", 0)])
def test_a_value_other_than_what_the_device_signed(device, committed_wh):
    court = Court()
    true_wh = TRUE_WH[device] * (2 if device == "m2" else 1)
    block = court.block(bent(court, device, consumed_wh=committed_wh))
    court.must(block)
    court.must(court.advance(START + 1))
    court.must(court.settlement(START))
    assert court.booked_wh(device) == committed_wh
    assert court.accuse(court.shown(block, device)) is Status.APPLIED
    assert court.booked_wh(device) == true_wh
    court.must(court.settlement(START))  # settled anew, with what was signed
    assert not any(conservation(court.state).values())
    assert court.accuse(court.shown(block, device), "user-m2") is Status.EVIDENCE_KNOWN
    assert court.booked_wh(device) == true_wh
    assert court.one(court.block(half=1)) is Status.AGGREGATOR_EXCLUDED


def test_a_device_that_was_left_out():
    court = Court()
    without = lambda block: block._replace(  # noqa: E731
        entries=tuple(row for row in block.entries if row.device_id != court.id("m3"))
    )
    block = court.block(without)
    court.must(block)
    assert court.accuse(court.shown(block, "m3")) is Status.APPLIED
    assert court.booked_wh("m3") == TRUE_WH["m3"]


def test_an_honest_aggregator_cannot_be_accused():
    court = Court()
    block = court.block()
    court.must(block)
    for device in TRUE_WH:
        assert court.accuse(court.shown(block, device)) is Status.NO_CONTRADICTION
    whole = court.shown(block, "m2")
    ours = [leaf for leaf in whole.leaves if proofs.cose.open_envelope(leaf.reading).signer_id == court.id("m2")]
    other = court.reading("m1", 1, consumed_wh=1)  # the device signs something else afterwards
    wrong = [evidence.Leaf(other, leaf.index, leaf.path) for leaf in court.shown(block, "m1").leaves[:1]]
    for fault, status in (
        (whole._replace(leaves=ours[:1]), Status.READINGS_INCOMPLETE),  # one of two
        (whole._replace(leaves=()), Status.READINGS_INCOMPLETE),
        (whole._replace(leaves=(ours[0], ours[0])), Status.READINGS_INCOMPLETE),
        (whole._replace(leaves=tuple(reversed(whole.leaves))), Status.READINGS_INCOMPLETE),
        (whole._replace(device_id=court.id("mlmd")), Status.READINGS_INCOMPLETE),
        (court.shown(block, "m1")._replace(leaves=tuple(wrong)), Status.PROOF_WRONG),
        (whole._replace(light_block=b"\0"), Status.EVIDENCE_MALFORMED),
        (whole._replace(light_block=ours[0].reading), Status.EVIDENCE_MALFORMED),
        (whole._replace(light_block=block[:-1] + bytes((block[-1] ^ 1,))), Status.EVIDENCE_FORGED),
        (proofs.of_light_blocks(0, block, block), Status.NO_CONTRADICTION),
        (proofs.of_light_blocks(0, block, court.block(half=1)), Status.NO_CONTRADICTION),  # one after the other
    ):
        assert court.accuse(fault) is status
    assert not len(court.state.excluded) and not len(court.state.faults)
    court.must(court.block(half=1))


def test_nobody_signs_in_an_aggregators_place():
    court = Court()
    block = court.block()
    forged = court.sign("m1", kind.LIGHT_BLOCK, light_block.LAYOUT, proofs._light_block(
        block, lambda _: [court.key("area").public], court.genesis.network_id, proofs_verify)[1])  # fmt: skip
    assert court.accuse(court.shown(forged, "m1")) is Status.NO_CONTRADICTION
    also = court.sign("m1", kind.LIGHT_BLOCK, light_block.LAYOUT, light_block.LightBlock(
        1, bytes(32), court.id("area"), window(START), 0, 1, bytes(32), 5, court_entries(court)))  # fmt: skip
    assert court.accuse(proofs.of_light_blocks(0, forged, also)) is Status.NO_CONTRADICTION
    assert court.accuse(proofs.of_light_blocks(0, block, forged)) is Status.NO_CONTRADICTION


def proofs_verify(public_key: bytes, data: bytes, signature: bytes) -> bool:
    from chain.ed25519 import verify

    return verify(public_key, data, signature)


def court_entries(court: Court) -> tuple[Any, ...]:
    return (entry(court.id("m1")),)


@pytest.mark.parametrize("same", ["number", "part"])
def test_two_light_blocks_for_one(same):
    court = Court()
    block = court.block()
    court.must(block)
    change = {"part": 1, "area_wh": 1} if same == "number" else {"number": 2, "area_wh": 1}
    court.state.heads.put(court.id("area"), type(court.state.heads.get(court.id("area")))(0, bytes(32)))
    other = court.block(lambda one: one._replace(**change))
    shown = proofs.of_light_blocks(0, block, other)
    assert shown == proofs.of_light_blocks(0, other, block)
    before = court.booked_wh("m1")
    assert court.accuse(shown) is Status.APPLIED
    assert court.accuse(shown, "user-m1") is Status.EVIDENCE_KNOWN
    assert court.booked_wh("m1") == before, "which of the two is true cannot be told: nothing is corrected"
    assert court.one(court.block(half=1)) is Status.AGGREGATOR_EXCLUDED


def test_a_wrong_light_block_that_is_not_on_the_ledger_changes_no_book():
    court = Court()
    court.must(court.block())
    head = court.state.heads.get(court.id("area"))
    court.state.heads.put(court.id("area"), type(head)(0, bytes(32)))
    wrong = court.block(bent(court, "m1", consumed_wh=1))
    assert court.accuse(court.shown(wrong, "m1")) is Status.APPLIED
    assert court.booked_wh("m1") == TRUE_WH["m1"]


def parts(court: Court, *places: tuple[int, list[tuple[str, int]]]) -> tuple[list[bytes], list[list[Any]]]:
    """Light blocks of one window after another, (half of the interval, readings), with the leaves of each."""
    blocks, trees = [], []
    for number, (half, signed) in enumerate(places, start=1):
        start_s = window(START, half)
        leaves = sorted(Leaf(court.id(name), 1, n, court.reading(name, n, start_s=start_s)) for name, n in signed)
        part = sum(earlier == half for earlier, _ in places[: number - 1])
        previous = sha256(blocks[-1]).digest() if blocks else bytes(32)
        composed = compose(number, previous, court.id("area"), start_s, part, leaves, frozenset())
        blocks.append(court.sign("area", kind.LIGHT_BLOCK, light_block.LAYOUT, composed))
        trees.append([evidence.Leaf(leaf.data, index, tuple(merkle.proof([one.data for one in leaves], index)))
                      for index, leaf in enumerate(leaves)])  # fmt: skip
    return blocks, trees


def test_one_reading_in_two_parts_of_a_window():
    court = Court()
    blocks, trees = parts(court, (0, [("m1", 1), ("m2", 1)]), (0, [("m1", 1), ("m3", 1)]))
    for block in blocks:
        court.must(block)
    court.must(court.advance(START + 1))
    court.must(court.settlement(START))
    assert court.booked_wh("m1") == 2 * TRUE_WH["m1"]
    first, second = (next(leaf for leaf in tree if court.is_of(leaf, "m1")) for tree in trees)
    shown = proofs.of_one_reading(0, (blocks[0], blocks[1]), (first, second), court.id("m1"))
    assert court.accuse(shown) is Status.APPLIED
    assert court.booked_wh("m1") == TRUE_WH["m1"]
    court.must(court.settlement(START))
    assert not any(conservation(court.state).values())
    swapped = proofs.of_one_reading(0, (blocks[1], blocks[0]), (second, first), court.id("m1"))
    assert court.accuse(swapped, "user-m2") is Status.EVIDENCE_KNOWN
    assert court.booked_wh("m1") == TRUE_WH["m1"]
    assert court.one(court.block(half=1)) is Status.AGGREGATOR_EXCLUDED


def test_a_reading_in_two_light_blocks_that_is_no_fault():
    court = Court()
    (one, other, elsewhere), trees = parts(
        court, (0, [("m1", 1), ("m2", 1)]), (0, [("m1", 2), ("m3", 1)]), (1, [("m1", 1), ("m2", 1)])
    )
    mine = [next(leaf for leaf in tree if court.is_of(leaf, "m1")) for tree in trees]
    theirs = next(leaf for leaf in trees[0] if court.is_of(leaf, "m2"))
    for blocks, leaves, device, status in (
        ((one, other), (mine[0], mine[1]), "m1", Status.NO_CONTRADICTION),  # two readings of one window
        ((one, elsewhere), (mine[0], mine[2]), "m1", Status.NO_CONTRADICTION),  # of two windows
        ((one, other), (mine[0], mine[0]), "m1", Status.PROOF_WRONG),  # it is in one of them alone
        ((one, one), (mine[0], mine[0]), "m1", Status.NO_CONTRADICTION),
        ((one, other), (mine[0], theirs), "m1", Status.PROOF_WRONG),
        ((one, other), (mine[0],), "m1", Status.READINGS_INCOMPLETE),
        ((one, other), (mine[0], mine[1], mine[1]), "m1", Status.READINGS_INCOMPLETE),
    ):
        assert court.accuse(proofs.of_one_reading(0, blocks, leaves, court.id(device))) is status
    assert not len(court.state.excluded)


def test_twice_is_only_corrected_where_both_were_booked():
    court = Court()
    (one, other), trees = parts(court, (0, [("m1", 1)]), (0, [("m1", 1)]))
    court.must(one)  # the other was signed, and never reached the ledger
    shown = proofs.of_one_reading(0, (one, other), (trees[0][0], trees[1][0]), court.id("m1"))
    assert court.accuse(shown) is Status.APPLIED
    assert court.booked_wh("m1") == TRUE_WH["m1"]


# -- an area that lost its aggregator -----------------------------------------------------------------

SUCCESSION = """
    register area-2 aggregator area=area             AREA_NOT_ALLOWED   # it has one
    register area-2 aggregator area=m1               AREA_NOT_ALLOWED
"""
AFTERWARDS = """
    register m1-too aggregator area=m1               AREA_NOT_ALLOWED
    register area-2 aggregator area=area             APPLIED
    register area-3 aggregator area=area             AREA_NOT_ALLOWED   # it has one again
    register m4 meter owner=user-m1 area=area        APPLIED
    register m5 meter owner=user-m1 area=area-2      AREA_NOT_REGISTERED  # the area keeps its name
"""


def committed_by(court: Court, signer: str, number: int, half: int, part: int, **rows: Any) -> Status:
    entries = tuple(sorted(entry(court.id(name), **fields) for name, fields in rows.items()))
    previous = court.state.heads.get(court.id(signer), (0, bytes(32)))[1]
    fields = (number, previous, court.id("area"), window(START, half), part, 1, bytes(32), 0, entries)
    return court.one(court.sign(signer, kind.LIGHT_BLOCK, light_block.LAYOUT, fields))


def test_another_aggregator_takes_an_excluded_ones_area_over():
    court = Court()
    check(court, SUCCESSION)
    block = court.block(bent(court, "m1", consumed_wh=100))
    court.must(block)
    assert court.accuse(court.shown(block, "m1")) is Status.APPLIED
    check(court, AFTERWARDS)
    assert committed_by(court, "area", 2, 1, 0, m1={"consumed_wh": 7}) is Status.AGGREGATOR_EXCLUDED
    assert committed_by(court, "area-2", 1, 0, 0, m1={"consumed_wh": 7}) is Status.PART_OUT_OF_ORDER
    assert committed_by(court, "area-2", 1, 0, 1, m1={"consumed_wh": 7}) is Status.APPLIED, "its own chain, from 1"
    assert court.booked_wh("m1") == TRUE_WH["m1"] + 7
    for who in ("area", "area-2"):
        itself = {who: {"consumed_wh": 1}}
        assert committed_by(court, "area-2", 2, 1, 0, **itself) is Status.ENTRY_OF_ANOTHER_AREA
    ended = (court.next_nonce("operator"), court.id("area-2"), 1)
    court.must(court.sign("operator", kind.REVOCATION, revocation.LAYOUT, ended))
    check(court, "register area-3 aggregator area=area   APPLIED")
