"""One log, one outcome: wherever the block boundaries fall, whatever the hash seed, on disk or in memory."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from chain.audit import conservation
from chain.embedded import EmbeddedLedger
from chain.state import State
from chain.status import Status
from chain.transition import apply_block
from tests.chain.some_days import play
from tests.chain.world import World

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world() -> World:
    return play()


def test_the_log_has_everything_in_it(world):
    counts = Counter(status.name for status in world.statuses)
    assert counts["APPLIED"] > 150 and counts["PRICE_POSTED"] == counts["INTERVAL_NOT_CLOSED"] == 30
    assert len(world.decisions) == 90
    assert {decision.reason for decision in world.decisions} >= {0, 1, 2, 3, 6, 7}
    assert not any(conservation(world.state).values())


@pytest.mark.parametrize("seed", range(5))
def test_block_boundaries_do_not_matter(world, seed):
    random, state, statuses, decisions = Random(seed), State.begin(world.genesis), [], []
    at = 0
    while at < len(world.log):
        size = random.choice((0, 1, 2, 5, 60, len(world.log)))
        result = apply_block(state, world.log[at : at + size])
        statuses += result.statuses
        decisions += result.decisions
        at += size
    assert (state.app_hash, statuses, decisions) == (world.state.app_hash, world.statuses, world.decisions)


def test_hash_seeds_do_not_matter(world):
    printed = set()
    for seed in ("0", "1", "4711"):
        run = [sys.executable, "-m", "tests.chain.some_days"]
        answer = subprocess.run(
            run, cwd=TOP, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        printed.add(answer.stdout.decode())
    assert printed == {f"{world.state.app_hash.hex()} {len(world.log)} {len(world.decisions)}\n"}


def test_the_app_hash_is_of_the_state_alone(world, tmp_path):
    """A state read back from disk, its rows in another order, has the same hash."""
    ledger = EmbeddedLedger.open(tmp_path / "ledger.sqlite", world.genesis)
    for at in range(0, len(world.log), 7):
        for transaction in world.log[at : at + 7]:
            ledger.commit([transaction])
    assert ledger.app_hash == world.state.app_hash
    backwards = State(world.genesis)
    for table in reversed(world.state.tables):
        for key, _ in reversed(list(table.items())):
            backwards.tables[table.number].load(key, table.encoded(key))
    assert backwards.seal() == world.state.app_hash


def test_a_refused_transaction_changes_nothing(world):
    replayed = apply_block(world.state, world.log)
    refused = {Status.APPLIED} & set(replayed.statuses)
    assert not refused and replayed.app_hash == world.state.app_hash and not replayed.decisions
