"""
A day of the bench's neighbourhood with the ledger's contracts in the loop, but without devices, radio or services: the
plant is measured and obeyed directly, so that control can be judged in seconds.
"""

from typing import Any

from chain.market import prices_due
from hil.plant import baseline, build, outcome
from hil.plant.wiring import HEATER_PIN
from hil.scenario import SCENARIOS
from tests.chain.world import World
from wire.command import RELAY
from wire.interval import INTERVAL_S, WINDOW_S, interval_of
from wire.reading import HAS_BATTERY, HAS_HEATER

SAMPLE_S = 300
HYSTERESIS_C = 2.0


class Street:
    """One day of a scenario, controlled."""

    def __init__(self, scenario: str, seed: int, meters: int = 30, mlmds: int = 3, pricing: dict | None = None) -> None:
        day = SCENARIOS[scenario]
        self.start_s, self.duration_s = day.start_s, day.duration_s
        self.args = (day, seed, meters, mlmds, day.start_s, day.duration_s)
        self.plant = build(*self.args)
        self.world = World(
            start_interval=interval_of(day.start_s),
            feeder_power_w_max=self.plant.feeder_power_w_max,
            ahead_intervals_max=1,
            **(pricing or {}),
        )
        self.meters = [site for site in self.plant.sites if site.role == "meter"]
        self.before = {site.name: (0, 0, 0, 0) for site in self.plant.sites}
        self.switches = {site.name: 0 for site in self.meters}
        self.stored_wh = self.plant.stored_wh()
        self._register()

    def _register(self) -> None:
        world = self.world.people({site.name: site.energy_type for site in self.meters})
        number = 0
        for site in self.meters:
            for contract_kind, terms, preferred in site.contracts:
                number += 1
                world.must(world.contract(f"user-{site.name}", number, contract_kind, site.name, terms, preferred))

    def play(self) -> dict[str, Any]:
        world, end_s = self.world, self.start_s + self.duration_s
        for utc_s in range(self.start_s, end_s, 60):
            if utc_s % SAMPLE_S == 0:
                self._protect(utc_s)
            if utc_s % WINDOW_S == 0 and utc_s > self.start_s:
                world.must(world.light_block("area", utc_s - WINDOW_S, self._entries(utc_s)))
            if utc_s % INTERVAL_S == 60:
                self._market(utc_s)
        self.plant.advance(end_s * 1000)
        world.must(world.light_block("area", end_s - WINDOW_S, self._entries(end_s)))
        world.must(world.advance(interval_of(end_s)))
        world.must(world.settlement(interval_of(end_s) - 1))
        return outcome(self.plant, self.stored_wh, self.prices())

    def prices(self) -> dict[int, tuple[int, ...]]:
        return {int.from_bytes(key, "big"): post.price_micro_per_kwh for key, post in self.world.state.prices.items()}

    def baseline(self) -> dict[str, Any]:
        return baseline(*self.args, self.prices())

    def _entries(self, utc_s: int) -> dict[str, dict[str, int]]:
        self.plant.advance(utc_s * 1000)
        entries = {}
        for site in self.meters:
            total = tuple(int(amount) for amount in self.plant.energy(site.name))
            consumed, produced, charged, discharged = (
                after - before for after, before in zip(total, self.before[site.name], strict=True)
            )
            self.before[site.name] = total
            home = self.plant.household(site.name).home
            entries[site.name] = {
                "consumed_wh": consumed,
                "produced_wh": produced,
                "charged_wh": charged,
                "discharged_wh": discharged,
                "temperature_mc": round(home.heater.temperature_c * 1000) if home.heater else 0,
                "soc_permille": round(home.battery.soc * 1000) if home.battery else 0,
                "relays": int(bool(home.heater and home.heater.relay)),
                "flags": (HAS_HEATER if home.heater else 0) | (HAS_BATTERY if home.battery else 0),
            }
        return entries

    def _market(self, utc_s: int) -> None:
        world, interval = self.world, interval_of(utc_s)
        if interval > world.state.interval:
            world.must(world.advance(interval))
            world.must(world.settlement(interval - 1))
        result = world.apply(world.price(interval, prices_due(world.state)))
        for decision in result.decisions:
            name = world.name_of(decision.device_id)
            if decision.action == RELAY:
                self._switch(name, decision.value, utc_s)
            else:
                self.plant.set_battery_w(name, decision.value, utc_s * 1000)

    def _switch(self, name: str, wanted: int, utc_s: int) -> None:
        """As a meter does: comfort limits first."""
        heater = self.plant.household(name).home.heater
        assert heater is not None
        value = 1 if heater.temperature_c <= 45 else 0 if heater.temperature_c >= 70 else wanted
        self.switches[name] += value != int(heater.relay)
        self.plant.set_pin(name, HEATER_PIN, value, utc_s * 1000)

    def _protect(self, utc_s: int) -> None:
        self.plant.advance(utc_s * 1000)
        for site in self.meters:
            heater, battery = (getattr(self.plant.household(site.name).home, what) for what in ("heater", "battery"))
            if heater and not 45 < heater.temperature_c < 70:
                self._switch(site.name, int(heater.relay), utc_s)
            if battery and (
                (battery.soc >= 0.95 and battery.setpoint_w > 0) or (battery.soc <= 0.1 and battery.setpoint_w < 0)
            ):
                self.plant.set_battery_w(site.name, 0, utc_s * 1000)
