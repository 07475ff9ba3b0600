"""A device that hears no time measures on, signs nothing with a time it does not know, and bills nothing of it."""

from aggregator.intake import pieces_of
from tests.firmware.neighbourhood import Neighbourhood
from wire import reading


def test_two_hours_without_the_time(tmp_path):
    street = Neighbourhood(tmp_path, 36_000)
    take, is_silent = street.aggregator.take, [False]
    street.broker.on_publish = lambda topic, payload: (
        None if is_silent[0] and topic.endswith("time_request") else take(topic, payload)
    )
    street.start()
    street.play(2000)
    before = street.aggregator.records("meter-01")
    # Both lose their time, and nobody tells it.
    is_silent[0] = True
    for name in ("meter-01", "mlmd-1"):
        street.devices[name].power_off()
        street.devices[name].power_on()
    street.play(9200)
    assert street.aggregator.records("meter-01") == before, "it signs no time it does not know"
    is_silent[0] = False
    street.play(12_000)
    street.stop()
    kept, *later = street.aggregator.records("meter-01")[len(before) :]
    assert kept.flags & reading.TIME_UNCERTAIN and kept.consumed_wh > 0, "measured, and flagged"
    assert kept.consumed_total_wh == before[-1].consumed_total_wh + kept.consumed_wh, "nothing is left out"
    now_s = street.begin_s + 12_000
    assert not any(billed for _, billed in pieces_of([kept], now_s))
    assert later and all(billed for one in later for _, billed in pieces_of([one], now_s)), "and then it bills again"
