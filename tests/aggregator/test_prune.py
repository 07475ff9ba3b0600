"""Raw readings go, their proofs stay; and nothing is counted twice for it."""

from hashlib import sha256

import pytest

from aggregator.export import export
from aggregator.prove import place_of, places
from aggregator.prune import DAY_S, before_s, prune
from chain.status import Status
from tests.aggregator.area import NOW, ident, reading_of, record
from tests.aggregator.chain_of_blocks import ChainOfBlocks
from tests.aggregator.site import Aggregator
from wire import light_block, merkle, message
from wire.cose import open_envelope
from wire.interval import WINDOW_S

NAMES = ("meter-1", "meter-2", "mlmd-1")


class Story:
    """Three windows; light blocks 1 and 2 are on the ledger, the third is not."""

    def __init__(self, path) -> None:
        self.path = path
        self.chain, self.aggregator = ChainOfBlocks(), Aggregator(path)
        self.aggregator.follow(self.chain.add(*(self.chain.registration(name) for name in NAMES)))
        self.readings: dict[tuple[str, int], bytes] = {}
        for sequence in (1, 2, 3):
            self._live(sequence)

    def _live(self, sequence: int) -> None:
        window = NOW + (sequence - 4) * WINDOW_S
        for name in NAMES:
            one = reading_of(name, 1, sequence, record(window, consumed_total_wh=1000 * sequence))
            self.readings[name, sequence] = one
        self.aggregator.take(*(self.readings[name, sequence] for name in NAMES))
        sealed = self.aggregator.node.seal(self.aggregator.now_s + sequence)
        if sequence < 3:
            self.aggregator.follow(self.chain.add(*(one.payload for one in sealed)))

    def prune(self, days_later: int) -> int:
        store = self.aggregator.store
        with store.transaction():
            return prune(store.db, before_s(NOW + days_later * DAY_S, 2))

    def stored(self) -> set[tuple[str, int]]:
        rows = self.aggregator.store.db.execute("SELECT device_id, sequence FROM readings")
        return {(next(name for name in NAMES if ident(name) == row[0]), row[1]) for row in rows}


@pytest.fixture
def story(tmp_path) -> Story:
    return Story(tmp_path / "store.sqlite")


def holds(place, root_of: bytes) -> bool:
    block = message.decode(light_block.LAYOUT, open_envelope(root_of).payload)
    path = [bytes.fromhex(one) for one in place["path"]]
    leaf = bytes.fromhex(place["reading"])
    assert block.reading_count == place["count"] and block.part == place["part"]
    return merkle.verify_proof(leaf, place["index"], place["count"], path, block.merkle_root)


def light_block_of(story: Story, number: int) -> bytes:
    return story.aggregator.store.db.execute("SELECT data FROM light_blocks WHERE number = ?", (number,)).fetchone()[0]


def test_every_sealed_reading_has_a_place(story):
    for (name, sequence), data in story.readings.items():
        (place,) = places(story.path, ident(name), NOW + (sequence - 4) * WINDOW_S)
        assert bytes.fromhex(place["reading"]) == data and holds(place, light_block_of(story, sequence))
    assert places(story.path, ident("meter-1"), NOW + WINDOW_S) == []


def test_only_what_is_old_and_on_the_ledger_goes(story):
    assert story.prune(1) == 0 and len(story.stored()) == 9
    assert story.prune(3) == 6
    assert story.stored() == {(name, 3) for name in NAMES}, "the third light block is not on the ledger"
    assert story.prune(3) == 0
    assert export(story.path)["light_blocks"][0]["status"] == Status.APPLIED


def test_a_pruned_reading_is_proved_by_whoever_kept_it(story):
    story.prune(3)
    for (name, sequence), data in story.readings.items():
        window = NOW + (sequence - 4) * WINDOW_S
        if sequence < 3:
            assert places(story.path, ident(name), window) == []
            place = place_of(story.path, data, window)
            assert place is not None and holds(place, light_block_of(story, sequence))
    assert place_of(story.path, b"another", NOW - 3 * WINDOW_S) is None


def test_a_pruned_reading_that_comes_again_is_billed_to_nobody(story):
    """It is acknowledged, so that its device may forget it; it is too old to be in a light block."""
    story.prune(3)
    story.aggregator.now_s = NOW + 3 * DAY_S
    story.aggregator.take(story.readings["meter-1", 1])
    assert story.aggregator.node.seal(story.aggregator.now_s + 60) == []
    story.aggregator.crash()
    assert story.aggregator.node.seal(story.aggregator.now_s + 60) == []


def test_a_device_goes_on_where_it_was(story):
    """Its last reading stays: order and totals are known after a restart, too."""
    story.prune(3)
    story.aggregator.crash()
    falling = reading_of("meter-1", 1, 4, record(NOW, consumed_total_wh=1))
    story.aggregator.take(falling)
    assert story.aggregator.site.refused["totals_decreased"] + story.aggregator.store.refused()["totals_decreased"] == 1
    assert sha256(falling).digest() not in {sha256(data).digest() for data in story.readings.values()}
