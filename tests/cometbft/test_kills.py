"""R1 for the validators: 200 kills with EXHAUSTIVE=1 (ten minutes), else a few."""

import pytest

from tests.cometbft.kills import play
from tests.cometbft.nodes import need_cometbft
from tests.kills import count

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]


def test_what_a_node_acknowledged_survives_the_kills_of_any(tmp_path):
    need_cometbft()
    outcome = play(count(3), tmp_path)
    assert outcome.verdict.is_sound, outcome
    assert outcome.kills.total() >= count(3) and outcome.acknowledged > 40
