"""Promise R5: what fewer than two thirds of the validators cannot do, and how soon all are one again."""

import os

import pytest

from tests.cometbft.namespaces import why_not
from tests.cometbft.nodes import need_cometbft
from tests.cometbft.partitions import HEALED_S, play

pytestmark = pytest.mark.real


def test_a_partition_makes_no_two_blocks_at_one_height_and_heals(tmp_path):
    """3-1 and 2-2, one after the other; the assertions about the quiet side are in the scene itself."""
    need_cometbft()
    if reason := why_not():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    three_one, two_two = play([(3,), (2, 3)], tmp_path / "nodes")
    for outcome in (three_one, two_two):
        assert outcome.forks == 0 and outcome.healed_s < HEALED_S
        assert len(set(outcome.before)) == len(set(outcome.after)) == 1
    assert three_one.during[3].height == three_one.before[3].height < three_one.during[0].height
    assert len({seen.app_hash for seen in three_one.during[:3]}) == 1
    assert two_two.during == two_two.before, "nobody has two thirds"
    assert two_two.after[0].height > two_two.during[0].height
