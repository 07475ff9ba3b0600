"""
What hangs on a device's pins and serial lines. The chips read the plant through the
functions handed to them; a chip that the mains feeds is silent while the area's
breaker is open.

UART 2: metering bus, PZEM-004T at 1 (load, heater included), 2 (PV), 3 (battery), or an
M-LMD's SDM230 at 1. UART 1: battery inverter at 10.
"""

from collections.abc import Callable
from math import hypot, inf
from random import Random

from .area import Area
from .battery import RESERVE_PERMILLE, Battery
from .chips.modbus import Chip
from .chips.pzem import Branch, Pzem
from .chips.sdm230 import Junction, Sdm230
from .chips.sunspec import State, SunSpecInverter
from .household import Household
from .supply import Supply

METERING_UART = 2
INVERTER_UART = 1
MANUAL_SWITCH_PIN = 0  # in, pull-up: 0 locks out
HEATER_PIN = 26  # out, 1 = on
BREAKER_PIN = 27  # out, 1 = closed
TEMPERATURE_PIN = 34  # ADC, 0..3.3 V = 0..100 degC
UV_PER_C = 33_000
UV_MAX = 3_300_000

LOAD, PV, BATTERY = 1, 2, 3
INVERTER = 10
SDM = 1
_BAUD = 9600
_BITS_PER_BYTE = 10  # 8N1
_COUNTED_BEFORE_WH = 2_000_000  # chips are not new: their registers start anywhere below this

Buses = dict[int, list[Chip]]
Voltage = Callable[[], float]


def meter_buses(household: Household, voltage: Voltage, supply: Supply, seed: int) -> Buses:
    home = household.home
    before = Random(f"gridtide/{seed}/{home.name}/chips")
    branches = {LOAD: _load_branch(household, voltage, supply)}
    if home.pv:
        branches[PV] = _pv_branch(household, voltage, supply)
    if home.battery:
        branches[BATTERY] = _battery_branch(household, voltage, supply)
    chips: list[Chip] = [
        Pzem(address, branch, before.randrange(_COUNTED_BEFORE_WH)) for address, branch in branches.items()
    ]
    buses: Buses = {METERING_UART: chips}
    if home.battery:
        buses[INVERTER_UART] = [_inverter(household, home.battery, voltage, supply)]
    return buses


def mlmd_buses(area: Area, voltage: Voltage, supply: Supply, seed: int) -> Buses:
    before = Random(f"gridtide/{seed}/{area.name}/chips")

    def junction() -> Junction:
        wh = area.import_wh, area.export_wh
        return Junction(voltage(), area.power_w, area.load_var, supply.frequency_hz, *wh)

    counted = before.randrange(_COUNTED_BEFORE_WH), before.randrange(_COUNTED_BEFORE_WH)
    return {METERING_UART: [Sdm230(SDM, junction, *counted)]}


def temperature_uv(temperature_c: float) -> int:
    return max(0, min(UV_MAX, round(temperature_c * UV_PER_C)))


def exchange(chips: list[Chip], frame: bytes) -> tuple[bytes, int]:
    """A request on the line to the reply and the ms until its last bit. Two answers at once are garbage: nothing."""
    answers = [(answer, chip.turnaround_ms) for chip in chips if (answer := chip.answer(frame))]
    if len(answers) != 1:
        return b"", 0
    ((answer, turnaround_ms),) = answers
    bits = (len(frame) + len(answer)) * _BITS_PER_BYTE
    return answer, turnaround_ms + -(-bits * 1000 // _BAUD)


def _load_branch(household: Household, voltage: Voltage, supply: Supply) -> Callable[[], Branch | None]:
    def branch() -> Branch | None:
        if not household.supplied:
            return None
        apparent_va = hypot(household.load_w, household.load_var)
        return Branch(voltage(), household.load_w, apparent_va, supply.frequency_hz, household.register_wh)

    return branch


def _pv_branch(household: Household, voltage: Voltage, supply: Supply) -> Callable[[], Branch | None]:
    def branch() -> Branch | None:
        if not household.supplied:
            return None
        power_w, energy_wh = household.pv_w, household.energy.produced_wh
        return Branch(voltage(), power_w, power_w, supply.frequency_hz, energy_wh)

    return branch


def _battery_branch(household: Household, voltage: Voltage, supply: Supply) -> Callable[[], Branch | None]:
    def branch() -> Branch | None:
        if not household.supplied:
            return None
        power_w = abs(household.battery_w)
        energy_wh = household.energy.charged_wh + household.energy.discharged_wh
        return Branch(voltage(), power_w, power_w, supply.frequency_hz, energy_wh)

    return branch


def _inverter(household: Household, battery: Battery, voltage: Voltage, supply: Supply) -> SunSpecInverter:
    def state() -> State | None:
        if not household.supplied:
            return None
        discharged_wh = household.energy.discharged_wh
        return State(voltage(), battery.power_w, supply.frequency_hz, battery.soc, discharged_wh)

    def set_point(power_w: float, hold_s: int) -> None:
        battery.set_point(power_w, household.now_s + hold_s if hold_s else inf)

    return SunSpecInverter(INVERTER, battery.charge_w_max, RESERVE_PERMILLE // 10, state, set_point)
