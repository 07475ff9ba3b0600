"""
What control is worth: the bench's neighbourhoods and days with the contracts in the loop, against the same without.
Only the plant, no devices: what the whole system makes of it is the bench's to say.
"""

from typing import Any

import pytest

from chain.audit import conservation
from hil.plant.agreement import SOC_PERMILLE_MIN, TEMPERATURE_MC_MIN
from tests.chain.street import Street
from wire.command import BATTERY_POWER, RELAY
from wire.contract import DEFERRABLE

SWITCHES_PLACE = 5  # of the deferrable terms


def days() -> list[tuple[str, int, int, int]]:
    return [
        ("sunny_day", 1, 30, 3),
        ("sunny_day", 2, 12, 2),
        ("sunny_day", 3, 60, 6),
        ("evening_peak", 1, 30, 3),
        ("evening_peak", 4, 30, 3),
        ("rough_day", 2, 30, 3),
    ]


@pytest.mark.parametrize(("scenario", "seed", "meters", "mlmds"), days())
def test_better_than_without_and_worse_in_nothing(scenario, seed, meters, mlmds):
    street = Street(scenario, seed, meters, mlmds)
    controlled = street.play()
    baseline = street.baseline()
    gains = {
        "peak_kw": baseline["peak_kw"] - controlled["peak_kw"],
        "cost": baseline["cost"] - controlled["cost"],
        "self_consumption_pct": controlled["self_consumption_pct"] - baseline["self_consumption_pct"],
    }
    assert min(gains.values()) >= 0 and sum(gain > 0 for gain in gains.values()) >= 2, gains
    assert not any(conservation(street.world.state).values())
    switches = controlled["series"]["relay_switches"]
    for site in street.meters:
        for contract_kind, terms, _ in site.contracts:
            assert contract_kind != DEFERRABLE or switches[site.name] <= terms[SWITCHES_PLACE]


@pytest.fixture(scope="module")
def sunny() -> tuple[Street, dict[str, Any]]:
    street = Street("sunny_day", 1)
    return street, street.play()


def decided(street: Street, action: int) -> dict[int, int]:
    """Sum of the decided values by slot of the day."""
    slots = dict.fromkeys(range(48), 0)
    for decision in street.world.decisions:
        if decision.action == action:
            slots[decision.interval % 48] += decision.value
    return slots


def test_on_a_sunny_day_heaters_run_and_batteries_charge_on_the_sun(sunny):
    street, _ = sunny
    heaters, batteries = decided(street, RELAY), decided(street, BATTERY_POWER)
    midday, evening = range(16, 32), range(36, 44)  # UTC: 8 to 16, 18 to 22
    assert sum(heaters[slot] for slot in midday) > 0.6 * sum(heaters.values())
    assert sum(heaters[slot] for slot in evening) <= 2
    assert all(batteries[slot] >= 0 for slot in midday) and sum(batteries[slot] for slot in midday) > 20_000
    assert all(batteries[slot] <= 0 for slot in evening) and sum(batteries[slot] for slot in evening) < -15_000
    assert max(batteries[slot] for slot in range(12)) == 0, "the night's energy is not for storing: the sun will come"


def test_nobody_pays_for_it_with_cold_water_or_an_empty_battery(sunny):
    _, controlled = sunny
    for tank in controlled["series"]["tank_c"].values():
        assert min(tank) > TEMPERATURE_MC_MIN / 1000 - 5, "the morning's showers draw faster than any rod heats"
    for soc in controlled["series"]["soc"].values():
        assert min(soc) >= SOC_PERMILLE_MIN / 1000 - 0.02
    assert controlled["stored_wh_change"] > 0


def test_the_same_day_twice_is_the_same_ledger(sunny):
    street, _ = sunny
    again = Street("sunny_day", 1)
    again.play()
    assert again.world.state.app_hash == street.world.state.app_hash
