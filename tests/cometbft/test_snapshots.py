"""State sync: a node that begins late takes the state from others, and believes nothing but the header's app hash."""

import pytest

from tests.chain.some_days import play
from tests.chain.world import World
from tests.cometbft.node import Node


@pytest.fixture(scope="module")
def days() -> World:
    return play(intervals=6)


def sync(source: Node, target: Node, app_hash: bytes, spoil: int | None = None) -> list[int]:
    """State sync as CometBFT does it; the results of each answer. spoil: a chunk that comes damaged at first."""
    offer = source.ask("list_snapshots").snapshots[-1]
    results = [target.ask("offer_snapshot", snapshot=offer, app_hash=app_hash).result]
    for index in range(offer.chunks if results == [1] else 0):
        chunk = source.ask("load_snapshot_chunk", height=offer.height, format=offer.format, chunk=index).chunk
        if index == spoil:
            answer = target.ask("apply_snapshot_chunk", index=index, chunk=chunk[:-1] + b"?", sender="mallory")
            assert answer.reject_senders == ("mallory",) and answer.refetch_chunks == bytes((index,))
            results.append(answer.result)
        results.append(target.ask("apply_snapshot_chunk", index=index, chunk=chunk, sender="peer").result)
    return results


@pytest.fixture
def source(days, tmp_path, monkeypatch) -> Node:
    monkeypatch.setattr("chain.cometbft.snapshot.CHUNK_BYTES", 2000)
    node = Node(tmp_path / "source", days.genesis, snapshot_every=2)
    for at in range(0, 80, 10):
        node.decide(days.log[at : at + 10])
    return node


def test_a_late_node_takes_the_state_from_the_others(days, tmp_path, source):
    assert [one.height for one in source.ask("list_snapshots").snapshots] == [6, 8], "the latest two"
    late = Node(tmp_path / "late", days.genesis)
    results = sync(source, late, source.app_hash, spoil=1)
    assert results == [1, 1, 3] + [1] * (len(results) - 3) and len(results) > 4
    assert late.ask("info").last_block_height == 8 and late.app_hash == source.app_hash
    for transaction in days.log[80:]:
        for node in (source, late):
            node.decide([transaction])
    late.restart()
    assert late.app_hash == source.app_hash == days.state.app_hash


def test_the_same_state_gives_the_same_snapshot(days, tmp_path, source):
    other = Node(tmp_path / "other", days.genesis, snapshot_every=8)
    for transaction in days.log[:70]:
        other.finalize([transaction])
        other.restart()
    for at in range(0, 80, 10):
        other.decide(days.log[at : at + 10])
    assert other.ask("list_snapshots").snapshots == source.ask("list_snapshots").snapshots[-1:]


def test_snapshots_that_are_refused(days, tmp_path, source):
    late = Node(tmp_path / "late", days.genesis)
    offer = source.ask("list_snapshots").snapshots[-1]
    for changed, result in (
        ({"format": 2}, 4),
        ({"chunks": 0}, 3),
        ({"metadata": b"x" + offer.metadata[1:]}, 3),
        ({"hash": bytes(32)}, 3),
    ):
        assert late.ask("offer_snapshot", snapshot=offer._replace(**changed), app_hash=bytes(32)).result == result
    assert source.ask("offer_snapshot", snapshot=offer, app_hash=source.app_hash).result == 3, "it has a ledger"
    assert sync(source, late, bytes(32))[-1] == 5, "not the header's app hash"
    assert late.ask("info").last_block_height == 0
    assert source.ask("load_snapshot_chunk", height=4, chunk=0).chunk == b"", "gone"
    assert sync(source, late, source.app_hash)[-1] == 1, "and then the right one"
