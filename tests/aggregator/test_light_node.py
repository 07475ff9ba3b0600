"""The light node across crashes: what is learned, sealed and submitted, and that nothing is done twice."""

import shutil

import pytest

from chain.ed25519 import verify
from chain.status import Status
from tests.aggregator.area import NETWORK, NOW, ident, reading_of, record, registry, signer
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from tests.aggregator.site import Aggregator
from wire import acknowledgement, area_block, cbor, cose, light_block, message, topics
from wire.interval import WINDOW_S

MEMBERS = ("mlmd-1", "meter-1", "meter-2")


@pytest.fixture
def chain():
    blocks = ChainOfBlocks()
    blocks.add(*(blocks.registration(name) for name in MEMBERS))
    return blocks


@pytest.fixture
def aggregator(tmp_path, chain):
    made = Aggregator(tmp_path / "store.sqlite")
    made.follow(*chain.blocks)
    return made


def reading(sequence: int, window: int = -1, name: str = "meter-1") -> bytes:
    return reading_of(name, 1, sequence, record(NOW + window * WINDOW_S))


def content(outgoing) -> light_block.LightBlock:
    return message.decode(light_block.LAYOUT, cose.open_envelope(outgoing.payload).payload)


def test_devices_are_learned_from_applied_registrations_of_the_operator(tmp_path):
    aggregator, blocks = Aggregator(tmp_path / "store.sqlite"), ChainOfBlocks()
    aggregator.follow(
        blocks.add(
            blocks.registration("meter-1"),
            blocks.registration("meter-2"),
            blocks.registration("meter-3", area="aggregator-2"),
            blocks.registration("meter-4", operator="mallory"),
            statuses=(Status.APPLIED, Status.SUBJECT_TAKEN, Status.APPLIED, Status.APPLIED),
        )
    )
    assert aggregator.site.registry.devices == registry("meter-1").devices
    aggregator.crash()
    assert aggregator.site.registry.devices == registry("meter-1").devices
    assert aggregator.node.head.height == 1


def test_forged_and_forked_blocks_are_counted_and_change_nothing(aggregator):
    forged = ChainOfBlocks("mallory")
    aggregator.follow(forged.add(forged.registration("meter-3")), b"\x58", ChainOfBlocks().add())
    assert aggregator.site.refused == {"unknown_signer": 1, "truncated": 1, "fork": 1}
    assert aggregator.node.head.height == 1


def test_a_gap_asks_for_what_is_missing_and_the_last_block_again_ends_it(aggregator, chain):
    second, third = chain.add(), chain.add()
    aggregator.follow(third)
    assert not aggregator.node.is_level
    asked = cbor.encode([ident("aggregator"), 2])
    assert aggregator.node.fetch() == (area_block.FETCH_TOPIC, asked)
    aggregator.follow(second, third)
    assert (aggregator.node.head.height, aggregator.node.is_level) == (3, False)
    aggregator.follow(third)
    assert aggregator.node.is_level


def test_a_window_is_sealed_submitted_until_seen_and_never_again(aggregator, chain):
    aggregator.take(reading(1), reading(1, name="meter-2"))
    aggregator.now_s = NOW + 30
    (first,) = aggregator.seal()
    assert first.topic == topics.SUBMIT
    assert (content(first).number, content(first).reading_count) == (1, 2)
    assert aggregator.seal() == []
    aggregator.crash()
    assert aggregator.node.open_submissions() == [first]  # the same bytes
    aggregator.follow(chain.add(first.payload))
    assert aggregator.node.open_submissions() == []
    aggregator.crash()
    assert aggregator.seal() == [] and aggregator.node.open_submissions() == []


def test_what_arrives_in_the_instant_of_the_seal_waits_for_the_next(aggregator):
    aggregator.now_s = NOW + 30
    aggregator.take(reading(1))
    assert aggregator.seal() == []
    aggregator.now_s = NOW + 930
    assert content(aggregator.seal()[0]).window_start_s == NOW - WINDOW_S


def test_late_readings_make_a_further_part_of_their_own_window(aggregator):
    aggregator.take(reading(2))
    aggregator.now_s = NOW + 30
    aggregator.seal()
    aggregator.take(reading(1, window=-2), reading(1, name="meter-2"))
    aggregator.now_s = NOW + 930
    parts = [content(sent)[:1] + content(sent)[3:6] for sent in aggregator.seal()]
    assert parts == [(2, NOW - 2 * WINDOW_S, 0, 1), (3, NOW - WINDOW_S, 1, 1)]


def test_a_light_block_that_was_refused_is_offered_until_it_is_applied(aggregator, chain):
    aggregator.take(reading(1))
    aggregator.now_s = NOW + 30
    (first,) = aggregator.seal()
    aggregator.follow(chain.add(first.payload, statuses=(Status.WINDOW_AHEAD,)))
    assert aggregator.node.open_submissions() == [first]
    aggregator.follow(chain.add(first.payload))
    assert aggregator.node.open_submissions() == []


def test_a_crash_before_the_seal_is_on_disk_leaves_no_trace(aggregator, monkeypatch):
    aggregator.take(reading(1))
    aggregator.now_s = NOW + 30

    def power_cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(aggregator.store.submissions, "add", power_cut)
        with pytest.raises(KeyboardInterrupt):
            aggregator.seal()
    aggregator.crash()
    assert aggregator.node.open_submissions() == []
    assert content(aggregator.seal()[0]).number == 1


def test_nothing_acknowledged_is_lost_and_what_is_stored_is_acknowledged_again(aggregator):
    (answer,) = aggregator.take(reading(1))
    assert answer.topic == topics.of_device(ident("aggregator"), ident("mlmd-1"), "acknowledgement")
    aggregator.crash()
    assert aggregator.store.readings.stored((ident("meter-1"), 1, 1)) == reading(1)
    assert aggregator.take(reading(1)) == [answer]
    said = message.decode(acknowledgement.LAYOUT, cose.open_envelope(answer.payload).payload)
    assert said.entries == ((ident("meter-1"), 1, 1, 1),)
    assert aggregator.store.refused() == {"replayed": 1}


def test_the_ledger_s_word_stands_over_a_store_from_a_backup(aggregator, chain, tmp_path):
    """The store is put back to before its first seal, and a reading it does not know of was sealed, too."""
    backup = tmp_path / "backup.sqlite"
    aggregator.take(reading(1))
    aggregator.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "store.sqlite", backup)
    aggregator.take(reading(1, name="meter-2"))
    aggregator.now_s = NOW + 30
    (first,) = aggregator.seal()
    on_ledger = chain.add(first.payload)

    old = Aggregator(backup)
    old.now_s = NOW + 920
    old.take(reading(2, window=0))
    old.now_s = NOW + 930
    wrong, _ = old.seal()  # the service would not have: it was not level yet
    assert content(wrong).number == 1 and wrong != first
    old.follow(on_ledger)
    assert old.node.open_submissions() == []
    (second,) = old.seal()
    assert (content(second).number, content(second).window_start_s) == (2, NOW)
    assert content(second).previous_hash == old.store.readings.light_block(1)
    assert [entry.sequence for entry in content(second).entries] == [2]


def test_what_a_forgotten_light_block_counts_is_not_counted_again(aggregator, chain, tmp_path):
    """
    The store is lost after a seal, and a device whose acknowledgement was lost with it offers its reading once more:
    sealed again it would be proof of a fault (one reading in two light blocks), and nobody did wrong.
    """
    aggregator.take(reading(1), reading(1, name="meter-2"))
    aggregator.now_s = NOW + 30
    (first,) = aggregator.seal()
    on_ledger = chain.add(first.payload)
    again = Aggregator(tmp_path / "new.sqlite")
    again.now_s = NOW + 900
    again.follow(*chain.blocks[:-1])
    assert again.take(reading(1, name="meter-2")), "it came before the ledger told"
    again.follow(on_ledger)
    assert again.take(reading(1)), "and this one after: both are acknowledged"
    again.take(reading(2), reading(3, window=0))
    again.now_s = NOW + 930
    sealed = [content(sent) for sent in again.seal()]
    assert [(one.number, one.window_start_s, one.part) for one in sealed] == [(2, NOW - WINDOW_S, 1), (3, NOW, 0)]
    assert [one.reading_count for one in sealed] == [1, 1], "what is new, and nothing else"


def test_another_aggregator_goes_on_where_the_one_before_was_excluded(aggregator, chain, tmp_path):
    aggregator.take(reading(1), reading(1, name="meter-2"))
    aggregator.now_s = NOW + 30
    (first,) = aggregator.seal()
    chain.add(first.payload)
    successor = Aggregator(tmp_path / "new.sqlite", name="aggregator-2", area="aggregator")
    successor.now_s = NOW + 900
    successor.follow(*chain.blocks)
    assert successor.site.registry.devices == aggregator.site.registry.devices, "the area keeps its name and devices"
    (answer,) = successor.take(reading(1), reading(2), reading(3, window=0))
    assert answer.topic == topics.of_device(ident("aggregator"), ident("mlmd-1"), "acknowledgement")
    said = cose.open_envelope(answer.payload)
    assert said.signer_id == ident("aggregator"), "for devices it is the area's"
    cose.check_signature(said, signer("aggregator-2").public_key, NETWORK, verify)
    successor.now_s = NOW + 930
    sealed = [cose.open_envelope(sent.payload) for sent in successor.seal()]
    assert {one.signer_id for one in sealed} == {ident("aggregator-2")}, "for the ledger it is itself"
    blocks = [message.decode(light_block.LAYOUT, one.payload) for one in sealed]
    assert [(one.number, one.part, one.reading_count) for one in blocks] == [(1, 1, 1), (2, 0, 1)]
    assert {one.area_id for one in blocks} == {ident("aggregator")} and blocks[0].previous_hash == bytes(32)
    report = cose.open_envelope(successor.control.area_load(NOW).payload)
    assert report.signer_id == ident("aggregator-2")


def test_a_reading_counts_in_one_light_block_only(aggregator):
    sealed: list[tuple[int, int]] = []
    for window in range(6):
        aggregator.now_s = NOW + (window + 1) * WINDOW_S
        aggregator.take(reading(window + 1, window))
        aggregator.now_s += 30
        for sent in aggregator.seal():
            sealed += [(content(sent).window_start_s, entry.sequence) for entry in content(sent).entries]
        aggregator.crash()
    assert sealed == [(NOW + window * WINDOW_S, window + 1) for window in range(6)]


def test_what_was_followed_is_kept_and_the_last_never_dropped(aggregator, chain):
    for _ in range(3):
        aggregator.follow(chain.add())
    assert [aggregator.store.area.part(height) for height in (1, 2, 3, 4)] == chain.blocks
    aggregator.store.area.drop_before(2)  # all are of interval 1
    assert [aggregator.store.area.part(height) for height in (3, 4)] == [None, chain.blocks[3]]
    aggregator.crash()
    assert aggregator.node.head == (4, chain.hash)
    aggregator.follow(chain.add())
    assert aggregator.node.head.height == 5
