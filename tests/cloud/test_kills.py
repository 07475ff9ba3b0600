"""R1 for the embedded engine: 200 kills with EXHAUSTIVE=1 (six minutes), else a few."""

import pytest

from tests.cloud.kills import play
from tests.kills import count

pytestmark = pytest.mark.timeout(1800)


def test_what_the_full_node_published_survives_its_kills(tmp_path):
    outcome = play(count(4), tmp_path)
    assert outcome.verdict.is_sound, outcome
    assert outcome.kills.total() == count(4) and outcome.acknowledged > 100
