"""Sealing windows: what goes on the ledger, in which order, under which number."""

from hashlib import sha256

import cbor2
from nacl.signing import VerifyKey

from aggregator import light_block as sealing
from aggregator.light_block import Leaf, Sealer, Window
from tests.aggregator.area import NETWORK, NOW, ident, reading_of, record, signer
from wire import light_block, merkle, message
from wire.interval import WINDOW_S

AREA = signer("aggregator")
SEALER = Sealer(AREA.identity, NETWORK, AREA.sign)
MLMDS = frozenset({ident("mlmd-1")})
W = NOW - WINDOW_S


def leaf(name: str, sequence: int, *records) -> Leaf:
    return Leaf(ident(name), 1, sequence, reading_of(name, 1, sequence, *(records or (record(W),))))


def opened(sealed) -> light_block.LightBlock:
    key_of = {AREA.identity: AREA.public_key}.get
    _, block = message.open_as(light_block.KIND, light_block.LAYOUT, sealed.data, key_of, NETWORK, verify)
    return block


def verify(key: bytes, text: bytes, signature: bytes) -> bool:
    return VerifyKey(key).verify(text, signature) == text


def seal(*windows, parts_of=None, last=(0, bytes(32))):
    have = {window.window_start_s: 0 for window in windows} | (parts_of or {})
    return sealing.seal(windows, have, last, MLMDS, SEALER)


def test_a_window_becomes_one_light_block():
    leaves = sorted(
        [leaf("meter-1", 1), leaf("meter-2", 1), leaf("mlmd-1", 1, record(W, consumed_wh=600, produced_wh=100))]
    )
    (sealed,) = seal(Window(W, leaves))
    block = opened(sealed)
    assert (block.number, block.previous_hash, block.area_id, block.part) == (1, bytes(32), AREA.identity, 0)
    assert (block.window_start_s, block.reading_count, block.area_wh) == (W, 3, 500)
    assert block.merkle_root == merkle.root([leaf.data for leaf in leaves])
    assert [entry.device_id for entry in block.entries] == sorted(leaf.device_id for leaf in leaves)
    assert sealed.digest == sha256(sealed.data).digest()
    assert cbor2.loads(cbor2.loads(sealed.data).value[2])[0] == 1


def test_light_blocks_are_a_chain():
    first, second = seal(Window(W, [leaf("meter-1", 1)]), Window(W + 900, [leaf("meter-1", 2, record(W + 900))]))
    (third,) = seal(Window(W + 1800, [leaf("meter-1", 3, record(W + 1800))]), last=(second.number, second.digest))
    assert [opened(block).number for block in (first, second, third)] == [1, 2, 3]
    assert opened(second).previous_hash == first.digest
    assert opened(third).previous_hash == second.digest


def test_what_is_late_makes_a_further_part_of_its_own_window():
    (late,) = seal(Window(W, [leaf("meter-2", 1)]), parts_of={W: 2}, last=(7, bytes(32)))
    assert (opened(late).number, opened(late).window_start_s, opened(late).part) == (8, W, 2)


def test_a_device_s_records_are_summed_and_its_last_state_kept():
    records = [
        record(W, duration_s=300, consumed_wh=5, temperature_mc=50_000, flags=1),
        record(W + 300, duration_s=300, consumed_wh=7, produced_wh=3, temperature_mc=51_000, relays=0, flags=9),
    ]
    state = {"temperature_mc": 49_000, "soc_permille": 9, "flags": 1}
    last = record(W + 600, duration_s=300, consumed_wh=0, charged_wh=1, discharged_wh=2, **state)
    (sealed,) = seal(Window(W, [leaf("meter-1", 4, *records), leaf("meter-1", 5, last)]))
    (entry,) = opened(sealed).entries
    assert entry[:3] == (ident("meter-1"), 1, 5)
    assert (entry.consumed_wh, entry.produced_wh, entry.charged_wh, entry.discharged_wh) == (12, 3, 1, 2)
    assert (entry.temperature_mc, entry.soc_permille, entry.relays, entry.flags) == (49_000, 9, 1, 9)


def test_of_a_reading_over_two_windows_each_light_block_counts_its_own_part():
    both = leaf("meter-1", 1, record(W, consumed_wh=5), record(W + 900, consumed_wh=7))
    blocks = [opened(sealed) for sealed in seal(Window(W, [both]), Window(W + 900, [both]))]
    assert [block.entries[0].consumed_wh for block in blocks] == [5, 7]
    assert blocks[0].merkle_root == blocks[1].merkle_root == merkle.root([both.data])


def test_too_many_readings_of_one_device_go_into_a_further_part(monkeypatch):
    monkeypatch.setattr(sealing, "READINGS_MAX", 2)
    monkeypatch.setattr(sealing, "ENTRIES_MAX", 2)
    leaves = sorted(leaf(name, number) for name in ("meter-1", "meter-2", "meter-3") for number in (1, 2, 3))
    blocks = [opened(sealed) for sealed in seal(Window(W, leaves))]
    assert [block.part for block in blocks] == list(range(len(blocks)))
    assert sum(block.reading_count for block in blocks) == len(leaves)
    assert all(len(block.entries) <= 2 and block.reading_count <= 4 for block in blocks)


def test_no_windows_no_light_blocks():
    assert seal() == []
