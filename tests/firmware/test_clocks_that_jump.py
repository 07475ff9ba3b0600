"""
Whatever a device counts time by jumps by an hour, forwards or back: nothing it signs goes back, what it is not sure
about is flagged and not billed, no command acts outside its time, and within the next windows all is well again.
"""

from itertools import pairwise

import pytest

from aggregator.intake import pieces_of
from tests.firmware.neighbourhood import Neighbourhood
from wire import command, receipt
from wire.reading import TIME_UNCERTAIN

HOUR = 3600
JUMPED_S = HOUR + 1000
NAMES = ("meter-01", "meter-02", "mlmd-1")


@pytest.mark.parametrize("who", ["meter-01", "meter-02", "mlmd-1"])
@pytest.mark.parametrize("jump_s", [HOUR, -HOUR])
def test_a_clock_that_jumps_with_its_ticks(tmp_path, who, jump_s):
    town = Neighbourhood(tmp_path, 10 * HOUR)  # the sun shines on meter-02
    try:
        town.start()
        town.play(JUMPED_S)
        town.devices[who].jump_clock(jump_s * 1000, with_ticks=True)
        town.play(JUMPED_S + 100)
        town.aggregator.command(who, command.BREAKER if who == "mlmd-1" else command.RELAY, 1, lasts_s=500)
        town.play(4 * HOUR + 10)
    finally:
        town.stop()
    (answer,) = town.aggregator.receipts
    assert answer.outcome == receipt.REFUSED or answer.acted_s < town.begin_s + JUMPED_S + 600
    if who == "meter-01":
        heated = [at_s for at_s, level in town.switched(who, 26) if level]
        assert all(JUMPED_S + 100 <= at_s < JUMPED_S + 600 for at_s in heated)
    now_s = town.begin_s + 4 * HOUR
    for name in NAMES:
        records = town.aggregator.records(name)
        assert all(one.start_s + one.duration_s <= two.start_s for one, two in pairwise(records)), "back in time"
        assert records[-1].start_s + records[-1].duration_s == now_s and not records[-1].flags & TIME_UNCERTAIN
        truth = town.plant.energy(name)
        assert abs(records[-1].consumed_total_wh - truth.consumed_wh) <= 6, "energy is lost"
        assert abs(records[-1].produced_total_wh - truth.produced_wh) <= 6, "energy is lost"
        billed = [one for one in records if all(is_billed for _, is_billed in pieces_of([one], now_s))]
        assert not any(one.flags & TIME_UNCERTAIN for one in billed)
        # What is billed lies where it was measured: no window of it is longer than the others are.
        assert all(one.duration_s == 900 for one in billed[1:] if not one.flags & 16)
    if jump_s > 0:
        assert any(one.flags & TIME_UNCERTAIN for one in town.aggregator.records(who))
