"""Two M-LMDs whose aggregator is gone keep the feeder's limit between them; alone they would not."""

import pytest

from hil.grid_faults import GridFaults
from wire import command, kind, message

from .neighbourhood import Neighbourhood

HOUR = 3600
GONE_AT_S = HOUR + 60
SHARED_S = GONE_AT_S + 900


def evening(folder, edit=lambda config: config):
    """Six homes with their heaters ordered on; then the aggregator is gone, and each switches on 600 W more."""
    town = Neighbourhood(folder, edit=edit, meters=6, mlmds=2)
    town.start()
    town.play(HOUR)
    for household in town.plant.households():
        if household.home.heater:
            household.home.heater.temperature_c = 52.0
            town.aggregator.command(household.home.name, command.RELAY, 1, lasts_s=3 * HOUR)
    town.play(GONE_AT_S)
    town.aggregator.is_silent = True
    town.play(SHARED_S)
    homes = [household.home.name for household in town.plant.households()]
    GridFaults(town.time, town.plant, town.devices).add_load(homes, 600)
    town.highest_w = 0.0
    for minute in range(2, 40):
        town.play(SHARED_S + 60 * minute)
        town.highest_w = max(town.highest_w, town.plant.feeder_w())
    return town


@pytest.fixture
def street(tmp_path):
    town = evening(tmp_path)
    yield town
    town.stop()


def test_they_keep_the_limit_and_give_the_load_back(street):
    limit_w = street.plant.feeder_power_w_max
    print("highest", round(street.highest_w), "of", limit_w, "W")
    assert street.highest_w <= limit_w
    assert [code for code, ended in street.aggregator.told() if not ended].count("aggregator_gone") == 2
    street.aggregator.is_silent = False
    street.play(2 * HOUR + 1800)
    assert [code for code, ended in street.aggregator.told() if ended].count("aggregator_gone") == 2
    street.stop()
    counted = [found["counters"] for name, found in street.on_flash().items() if name.startswith("meter")]
    assert sum(counters["orders_taken"] for counters in counted) > 0
    assert sum(counters["orders_refused"] for counters in counted) == 0


def test_without_sharing_it_would_be_passed(tmp_path):
    def alone(config):
        return config | {"feeder_power_w_max": 0}

    town = evening(tmp_path, alone)
    town.stop()
    print("highest", round(town.highest_w), "of", town.plant.feeder_power_w_max, "W")
    assert town.highest_w > town.plant.feeder_power_w_max


def test_an_m_lmd_can_take_load_away_and_nothing_else(tmp_path):
    town = Neighbourhood(tmp_path, meters=2, mlmds=1)
    try:
        town.start()
        town.play(HOUR)
        town.aggregator.command("meter-01", command.RELAY, 1, lasts_s=2 * HOUR)
        town.play(HOUR + 60)
        meter, own = town.network.devices["meter-01"], town.network.devices["mlmd-1"]
        now_s = town.begin_s + HOUR + 60
        for number, (action, value, lasts_s, taken) in enumerate(
            (
                (command.RELAY, 1, 100, False),
                (command.BREAKER, 0, 100, False),
                (command.BATTERY_POWER, -500, 100, False),
                (command.RELAY, 0, 5000, False),
                (command.RELAY, 0, 100, True),
            )
        ):
            fields = (meter.id, now_s + number, 0, 0, 0, now_s, now_s + lasts_s, action, value)
            data = message.seal(kind.COMMAND, command.LAYOUT, fields, own.id, town.network.network_id, own.sign)
            town.devices["meter-01"].hear(own.mac, data)
            before = town.plant.household("meter-01").home.heater.relay
            town.play(HOUR + 61 + number)
            assert (town.plant.household("meter-01").home.heater.relay != before) == taken
    finally:
        town.stop()
