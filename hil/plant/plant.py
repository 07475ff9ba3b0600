"""
The plant: the neighbourhood's physics behind the emulated boards. It is advanced to an
instant of virtual time and then asked; what a device switches changes what its
neighbours measure, because all of them hang on one grid.

Powers change on full minutes (thermostats' cut-outs, taps, full batteries), on quarter
hours (profiles) and when somebody switches; between two changes everything is
integrated in closed form. The power flow is solved when a power has changed and
somebody looks: a minute's step, or a chip that is read.
"""

from collections.abc import Sequence
from math import hypot

from . import breaker_sense, grid, profiles, wiring
from .area import Area
from .household import STEP_S, Energy, Household
from .neighbourhood import Home, settle_in
from .power_flow import Flow, PowerFlow
from .recorder import RECORD_S, Recorder
from .site import MLMD, Site
from .sites import sites_of
from .supply import Supply

STEP_MS = STEP_S * 1000
FEEDER_W_PER_METER = 1300  # the limit the feeder is to be held at: after-diversity demand per household


class UnknownDevice(Exception):
    """The plant has no site of this name."""


class Plant:
    def __init__(self, homes: list[Home], mlmds: int, seed: int, start_s: int, duration_s: int):
        self._now_ms = self._stepped_ms = start_s * 1000
        self._households = {home.name: Household(home, profiles.load()) for home in homes}
        self._areas = _areas(list(self._households.values()), mlmds, self._now_ms)
        self._area_of = {h.home.name: area for area in self._areas.values() for h in area.households}
        self.sites = sites_of(homes, self._areas, self._area_of)
        self._rated_a = {site.name: breaker_sense.rated_a(site.power_w_max) for site in self.sites if site.role == MLMD}
        self.trips: list[dict] = []  # of short circuits: area, at_ms, latency_ms
        self.switchings: list[dict] = []  # of heaters' relays and breakers: device, at_ms, on
        self._supply = Supply()
        self.feeder_w_peak = 0.0
        self.feeder_power_w_max = FEEDER_W_PER_METER * max(len(homes), 4)
        places = [(site.street, site.node) for site in self.sites]
        self._wires = PowerFlow(grid.load(), places[: len(homes)], places)
        self._row = {site.name: i for i, site in enumerate(self.sites)}
        self._flow: Flow | None = None
        self._buses = self._wire_up(seed)
        self._pins = {site.name: _pins_at_rest(site) for site in self.sites}
        self._recorder = Recorder(self.households(), list(self._areas.values()), start_s, start_s + duration_s)
        self._settle_all()

    # Time

    @property
    def next_event_ms(self) -> int:
        """When a power may change by itself next."""
        return self._stepped_ms - self._stepped_ms % STEP_MS + STEP_MS

    def advance(self, now_ms: int) -> None:
        """Bring the physics to `now_ms` (UTC ms). Earlier instants are where it has been already."""
        while self.next_event_ms <= now_ms:
            self._step(self.next_event_ms)
        self._now_ms = max(self._now_ms, now_ms)

    def _step(self, now_ms: int) -> None:
        self._grid_state()
        self._now_ms = self._stepped_ms = now_ms
        for household in self._households.values():
            household.advance(now_ms)
        if now_ms % (RECORD_S * 1000) == 0:
            self._recorder.record(now_ms // 1000)
        self._settle_all()
        self.feeder_w_peak = max(self.feeder_w_peak, self.feeder_w())

    def _settle_all(self) -> None:
        for area in self._areas.values():
            area.advance(self._now_ms)
            changed = [self._settle(household) for household in area.households]
            if any(changed):
                area.settle()

    def _settle(self, household: Household) -> bool:
        """Whether its power has changed."""
        before = household.drawn_w, household.load_var
        household.settle(self._now_ms)
        changed = (household.drawn_w, household.load_var) != before
        if changed:
            self._flow = None
        return changed

    def _switched(self, households: Sequence[Household]) -> None:
        """Somebody switched something just now, in one area."""
        area = self._area_of[households[0].home.name]
        area.advance(self._now_ms)
        for household in households:
            household.advance(self._now_ms)
            self._settle(household)
        area.settle()

    def _grid_state(self) -> Flow:
        if self._flow is None:
            households = self._households.values()
            self._flow = self._wires.solve([h.drawn_w for h in households], [h.load_var for h in households])
            self._recorder.saw(self._flow)
        return self._flow

    # What a device sees and does

    def uart(self, name: str, port: int, frame: bytes, now_ms: int) -> tuple[bytes, int]:
        """A request frame on a serial line to the reply (empty: silence) and the ms until its last bit."""
        self._look(name, now_ms)
        before = self._setpoint_w(name)
        answer = wiring.exchange(self._buses[name].get(port, []), bytes(frame))
        if self._setpoint_w(name) != before:
            self._switched([self._households[name]])
        return answer

    def set_pin(self, name: str, pin: int, value: int, now_ms: int) -> None:
        """A device drives an output, or somebody's hand moves an input."""
        self._look(name, now_ms)
        if self._pins[name].get(pin) == value:
            return
        self._pins[name][pin] = value
        if pin in (wiring.HEATER_PIN, wiring.BREAKER_PIN):
            self.switchings.append({"device": name, "at_ms": now_ms, "on": bool(value)})
        if pin == wiring.HEATER_PIN and name in self._households:
            self._switch_heater(self._households[name], bool(value))
        elif pin == wiring.BREAKER_PIN and name in self._areas:
            self._switch_breaker(self._areas[name], bool(value))

    def pin(self, name: str, pin: int) -> int:
        self._known(name)
        if pin == breaker_sense.SUPERVISION_PIN and name in self._areas:
            return int(breaker_sense.is_alert(self._sight(name), self._rated_a[name]))
        return self._pins[name].get(pin, 0)

    def adc_uv(self, name: str, pin: int, now_ms: int) -> int:
        """Microvolts at an analog input: the tank's sensor, or nothing."""
        self._look(name, now_ms)
        if name in self._areas:
            return self._junction_uv(name, pin)
        heater = self._households[name].home.heater if name in self._households else None
        if pin != wiring.TEMPERATURE_PIN or heater is None:
            return 0
        return wiring.temperature_uv(heater.temperature_c)

    def _junction_uv(self, name: str, pin: int) -> int:
        if pin == breaker_sense.CURRENT_PIN:
            return breaker_sense.current_uv(self._sight(name), self._rated_a[name])
        return breaker_sense.voltage_uv(self._sight(name)) if pin == breaker_sense.VOLTAGE_PIN else 0

    def _sight(self, name: str) -> breaker_sense.Sight:
        area, voltage_v = self._areas[name], self.voltage_v(name)
        current_a = hypot(area.power_w, area.load_var) / voltage_v
        fault_ms = self._now_ms - area.fault_since_ms
        return breaker_sense.Sight(current_a, voltage_v, area.fault_a, fault_ms, self._supply.frequency_hz)

    # What a scenario does to the neighbourhood

    def short_circuit(self, name: str, current_a: float, now_ms: int) -> None:
        """A short circuit behind an M-LMD's breaker, until that opens. Its energy, of milliseconds, is left out."""
        self._look(name, now_ms)
        self._areas[name].fault_a, self._areas[name].fault_since_ms = current_a, self._now_ms

    def set_frequency(self, frequency_hz: float, now_ms: int) -> None:
        """The whole network's, from now on."""
        self.advance(now_ms)
        self._supply.frequency_hz = frequency_hz

    def set_voltage_share(self, name: str, share: float, now_ms: int) -> None:
        """What an M-LMD and its meters see from now on, as a share of what the network would give them."""
        self._look(name, now_ms)
        self._supply.set_share(name, share)

    def add_load(self, name: str, power_w: float, now_ms: int) -> None:
        """A household switches on so much more; negative: off again."""
        self._look(name, now_ms)
        self._households[name].extra_w += power_w
        self._switched([self._households[name]])

    def steal(self, name: str, power_w: float, now_ms: int) -> None:
        """So much is taken in front of a household's meter from now on."""
        self._look(name, now_ms)
        self._households[name].stolen_w = power_w
        self._flow = None
        self._switched([self._households[name]])

    def stick(self, name: str, is_stuck: bool, now_ms: int) -> None:
        """The register of a household's load meter stands still, or shows again what was counted meanwhile."""
        self._look(name, now_ms)
        household = self._households[name]
        household.stuck_wh = household.energy.consumed_wh if is_stuck else None

    def power_lost(self, name: str, now_ms: int) -> None:
        """The device's own supply fails: its relay falls off. Breaker and inverter stay where they were set."""
        self.set_pin(name, wiring.HEATER_PIN, 0, now_ms)

    def set_battery_w(self, name: str, power_w: float, now_ms: int) -> None:
        """The set-point as the inverter holds it, without a serial line: for control that is tuned without devices."""
        self._look(name, now_ms)
        battery = self._households[name].home.battery
        if battery and battery.setpoint_w != power_w:
            battery.set_point(power_w)
            self._switched([self._households[name]])

    def _switch_heater(self, household: Household, on: bool) -> None:
        if household.home.heater:
            household.home.heater.relay = on
            self._recorder.switched(household.home.name, self._now_ms // 1000)
            self._switched([household])

    def _switch_breaker(self, area: Area, closed: bool) -> None:
        area.is_closed = closed
        if area.fault_a and not closed:
            latency_ms = self._now_ms - area.fault_since_ms
            self.trips.append({"area": area.name, "at_ms": self._now_ms, "latency_ms": latency_ms})
            area.fault_a = 0.0
        for household in area.households:
            household.supplied = closed
            self._flow = None
        if area.households:
            self._switched(area.households)

    def _look(self, name: str, now_ms: int) -> None:
        """Bring what this device can see to now."""
        self._known(name)
        self.advance(now_ms)
        area = self._areas.get(name)
        for household in area.households if area else [self._households[name]]:
            household.advance(self._now_ms)
        if area:
            area.advance(self._now_ms)

    def _known(self, name: str) -> None:
        if name not in self._pins:
            raise UnknownDevice(name)

    def _setpoint_w(self, name: str) -> float:
        household = self._households.get(name)
        return household.home.battery.setpoint_w if household and household.home.battery else 0.0

    def _wire_up(self, seed: int) -> dict[str, wiring.Buses]:
        supply = self._supply
        buses = {name: wiring.meter_buses(h, self._voltage(name), supply, seed) for name, h in self._households.items()}
        return buses | {
            name: wiring.mlmd_buses(area, self._voltage(name), supply, seed) for name, area in self._areas.items()
        }

    def _voltage(self, name: str) -> wiring.Voltage:
        area = name if name in self._areas else self._area_of[name].name
        row = self._row[name]
        return lambda: float(self._grid_state().voltages_v[row]) * self._supply.share_of(area)

    # What the bench and the report see

    def voltage_v(self, name: str) -> float:
        """Phase to neutral at a site, now."""
        self._known(name)
        return self._voltage(name)()

    def feeder_w(self) -> float:
        """What the neighbourhood draws (import positive): the sum of what the M-LMDs see."""
        return sum(area.power_w for area in self._areas.values())

    def rated_a(self, name: str) -> int:
        """Of an M-LMD's breaker."""
        return self._rated_a[name]

    def current_a(self, name: str) -> float:
        """What flows through an M-LMD's breaker in the ordinary way."""
        return self._sight(name).current_a

    def households_of(self, name: str) -> list[str]:
        """The households behind an M-LMD."""
        return [household.home.name for household in self._areas[name].households]

    def area_w(self, name: str) -> float:
        return self._areas[name].power_w

    def energy(self, name: str) -> Energy:
        """The truth of a site, up to where the plant has been advanced, in float Wh since it was built."""
        self._look(name, self._now_ms)
        area = self._areas.get(name)
        return area.energy if area else self._households[name].energy

    def household(self, name: str) -> Household:
        return self._households[name]

    def households(self) -> list[Household]:
        return list(self._households.values())

    def stored_wh(self) -> float:
        """Energy in batteries and heat in tanks, all together."""
        for household in self._households.values():
            household.advance(self._now_ms)
        return sum(household.stored_wh() for household in self._households.values())

    def series(self) -> dict:
        """Five-minute means and extremes, JSON-ready; docs/plant.md lists them."""
        area_w_max = {site.name: site.power_w_max for site in self.sites if site.role == MLMD}
        return {"feeder_w_max": self.feeder_power_w_max, "area_w_max": area_w_max, **self._recorder.series()}

    def quarters(self) -> dict:
        """Energies of every quarter hour: `start_s`, and by household a list of Energy."""
        return self._recorder.quarters()

    @property
    def power_flows(self) -> int:
        return self._wires.solved


def _areas(households: list[Household], mlmds: int, now_ms: int) -> dict[str, Area]:
    """Neighbours share an M-LMD; the areas differ by one household at most."""
    count, width = len(households), len(str(mlmds))
    cuts = [count * i // mlmds for i in range(mlmds + 1)]
    names = [f"mlmd-{i + 1:0{width}}" for i in range(mlmds)]
    return {name: Area(name, households[cuts[i] : cuts[i + 1]], now_ms) for i, name in enumerate(names)}


def _pins_at_rest(site: Site) -> dict[int, int]:
    pins = {wiring.MANUAL_SWITCH_PIN: 1}
    return pins | ({wiring.BREAKER_PIN: 1} if site.role == MLMD else {wiring.HEATER_PIN: 0})


def build(scenario: object, seed: int, meters: int, mlmds: int, start_s: int, duration_s: int) -> Plant:
    """The neighbourhood as it stands at `start_s`. Raises ProfileMissing where hil/data does not hold the time."""
    assert meters >= 1 and mlmds >= 1, "a neighbourhood has a meter and an M-LMD"
    for utc_s in range(start_s, start_s + duration_s, profiles.QUARTER_S):
        profiles.load().share("H0-A", utc_s)
    return Plant(settle_in(grid.load(), seed, meters), mlmds, seed, start_s, duration_s)
