"""
The plant under a rule of control and nothing between them: no devices, no radio, no
ledger. One day takes well under a second, so rules can be tuned here.

    from hil.scenario import SCENARIOS
    from tests.hil.closed_loop import Order, simulate

    def decide(now_s, views):
        return {name: Order(relay=view.temperature_mc < 60_000) for name, view in views.items()}

    simulate(SCENARIOS["sunny_day"], 1, 30, decide)

Every window `decide` sees what the devices measured in it and returns orders by name;
a device without an order falls back to its safe state. Local limits win, as on the
devices: comfort, state of charge, minimum times.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hil.plant import Energy, Plant, Site, build, outcome, wiring
from hil.plant.benefit import Prices
from hil.plant.thermostat import SAMPLE_S, wants_heat
from hil.scenario import Scenario
from wire.interval import WINDOW_S


class Order(NamedTuple):
    """What a device is told until the next window. None: nothing, so the safe state."""

    relay: bool | None = None
    battery_w: int | None = None  # charging positive


class View(NamedTuple):
    """One meter as its last reading shows it."""

    site: Site
    energy: Energy  # of the last window
    relay: bool
    temperature_mc: int  # 0 without a heater
    soc_permille: int  # 0 without a battery


NO_ORDER, NO_ENERGY = Order(), Energy()

Decide = Callable[[int, Mapping[str, View]], Mapping[str, Order]]


@dataclass
class Device:
    """What is left of a meter: its limits and its safe state."""

    site: Site
    order: Order = NO_ORDER
    switched_s: int = -86400
    energy: Energy = NO_ENERGY

    def obey(self, plant: Plant, now_s: int) -> None:
        if self.site.equipment["heater"]:
            self._switch(plant, now_s)
        if self.site.equipment["inverter"]:
            plant.set_battery_w(self.site.name, self._battery_w(plant), now_s * 1000)

    def view(self, plant: Plant, now_s: int) -> View:
        name, before = self.site.name, self.energy
        self.energy = plant.energy(name)
        return View(
            self.site,
            Energy(*(int(after) - int(was) for after, was in zip(self.energy, before, strict=True))),
            bool(plant.pin(name, wiring.HEATER_PIN)),
            temperature_mc(plant, name, now_s) if self.site.equipment["heater"] else 0,
            soc_permille(plant, name),
        )

    def _switch(self, plant: Plant, now_s: int) -> None:
        name, limits = self.site.name, self.site.limits
        heating, at_mc = bool(plant.pin(name, wiring.HEATER_PIN)), temperature_mc(plant, name, now_s)
        wanted = wants_heat(at_mc, heating) if self.order.relay is None else self.order.relay
        if at_mc < limits["temperature_mc_min"]:
            wanted = True
        elif at_mc >= limits["temperature_mc_max"]:
            wanted = False
        rest_s = limits["on_s_min" if heating else "off_s_min"]
        if wanted != heating and now_s - self.switched_s >= rest_s:
            self.switched_s = now_s
            plant.set_pin(name, wiring.HEATER_PIN, int(wanted), now_s * 1000)

    def _battery_w(self, plant: Plant) -> int:
        limits, at = self.site.limits, soc_permille(plant, self.site.name)
        wanted_w = max(-limits["discharge_w_max"], min(limits["charge_w_max"], self.order.battery_w or 0))
        full, empty = at >= limits["soc_permille_max"], at <= limits["soc_permille_min"]
        return 0 if (wanted_w > 0 and full) or (wanted_w < 0 and empty) else wanted_w


def temperature_mc(plant: Plant, name: str, now_s: int) -> int:
    return plant.adc_uv(name, wiring.TEMPERATURE_PIN, now_s * 1000) * 1000 // wiring.UV_PER_C


def soc_permille(plant: Plant, name: str) -> int:
    battery = plant.household(name).home.battery
    return int(battery.soc * 1000) if battery else 0


def simulate(
    scenario: Scenario,
    seed: int,
    meters: int,
    decide: Decide,
    prices: Prices | None = None,
    mlmds: int | None = None,
) -> dict:
    """The day under `decide`, with the fields of hil.plant.baseline and the benefit's figures."""
    start_s, duration_s = scenario.start_s, scenario.duration_s
    plant = build(scenario, seed, meters, mlmds or max(1, meters // 10), start_s, duration_s)
    devices = {site.name: Device(site) for site in plant.sites if site.role == "meter"}
    stored_wh = plant.stored_wh()
    for now_s in range(start_s, start_s + duration_s, SAMPLE_S):
        plant.advance(now_s * 1000)
        if now_s % WINDOW_S == 0:
            orders = decide(now_s, {name: device.view(plant, now_s) for name, device in devices.items()})
            for name, device in devices.items():
                device.order = orders.get(name, NO_ORDER)
        for device in devices.values():
            device.obey(plant, now_s)
    plant.advance((start_s + duration_s) * 1000)
    return outcome(plant, stored_wh, prices)
