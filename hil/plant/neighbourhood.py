"""
Who lives where and has what, fixed by the seed. Every meter takes one household load
of the benchmark grid; when they run out, another street (a copy of the grid) begins.
Of any neighbourhood, about half have an electric water heater, a third PV, a quarter a
battery, a tenth each a heat pump and a charger. PV is scaled so that in a whole year
it makes half of the energy its neighbourhood uses, as in the benchmark grid.
"""

from dataclasses import dataclass, field
from math import ceil
from random import Random

from .battery import Battery
from .grid import Grid, Load, PvPlant
from .water_heater import Draws, WaterHeater

PV_SHARE_OF_LOAD = 0.5
HOME_PLANT_W_MAX = 12_500  # the benchmark's larger plants and storages stand on farms and shops
HOME_STORAGE_W_MAX = 6_800
HOME_LOAD_W_MAX = 11_000
HEAT_PUMP = ("Air_", "Soil_")
CHARGER = ("HLS_", "APLS_")


@dataclass
class Home:
    name: str
    street: int
    load: Load
    extras: list[Load] = field(default_factory=list)  # heat pump, charger
    pv: PvPlant | None = None
    battery: Battery | None = None
    heater: WaterHeater | None = None


def settle_in(grid: Grid, seed: int, meters: int) -> list[Home]:
    """`meters` homes with their equipment, neighbours side by side."""
    random = Random(f"gridtide/{seed}/homes")
    homes = _homes(grid, random, meters)
    _add_extras(grid, random, homes, HEAT_PUMP)
    _add_extras(grid, random, homes, CHARGER)
    for home in random.sample(homes, ceil(meters / 2)):
        home.heater = _heater(random, f"gridtide/{seed}/{home.name}")
    sunny = random.sample(homes, ceil(meters / 3))
    _add_pv(grid, random, homes, sunny)
    for home in _battery_owners(random, homes, sunny):
        home.battery = _battery(grid, random)
    return homes


def _homes(grid: Grid, random: Random, meters: int) -> list[Home]:
    households = grid.households()
    streets = ceil(meters / len(households))
    width = max(2, len(str(meters)))
    homes: list[Home] = []
    for street in range(streets):
        here = (meters * (street + 1)) // streets - (meters * street) // streets
        chosen = sorted(random.sample(range(len(households)), here))
        homes += [
            Home(f"meter-{len(homes) + i + 1:0{width}}", street, households[which]) for i, which in enumerate(chosen)
        ]
    return homes


def _add_extras(grid: Grid, random: Random, homes: list[Home], profiles: tuple[str, ...]) -> None:
    kinds = [load for load in grid.loads if load.profile.startswith(profiles) and load.power_w <= HOME_LOAD_W_MAX]
    for home in random.sample(homes, len(homes) // 10):
        home.extras.append(random.choice(kinds))


def _heater(random: Random, seed: str) -> WaterHeater:
    volume_l = random.choice((200.0, 250.0, 300.0))
    return WaterHeater(
        volume_l=volume_l,
        power_w=random.choice((2000, 2500, 3000)),
        loss_w_per_k=random.uniform(1.4, 2.0),
        temperature_c=random.uniform(55.0, 60.0),
        draws=Draws(seed, volume_l * random.uniform(0.3, 0.6)),
    )


def _add_pv(grid: Grid, random: Random, homes: list[Home], sunny: list[Home]) -> None:
    kinds = [plant for plant in grid.plants if plant.power_w <= HOME_PLANT_W_MAX]
    roofs = [(random.choice(kinds), random.choice(grid.plants).profile) for _ in sunny]
    hours = grid.full_load_hours
    yearly_wh = sum(plant.power_w * hours[profile] for plant, profile in roofs)
    wanted_wh = PV_SHARE_OF_LOAD * sum(yearly_load_wh(grid, home) for home in homes)
    for home, (plant, profile) in zip(sunny, roofs, strict=True):
        power_w = max(100, round(plant.power_w * wanted_wh / yearly_wh, -2))
        home.pv = PvPlant(plant.name, home.load.node, round(power_w), profile)


def yearly_load_wh(grid: Grid, home: Home) -> float:
    loads = sum(load.power_w * grid.full_load_hours[load.profile] for load in (home.load, *home.extras))
    return loads + (home.heater.yearly_wh() if home.heater else 0.0)


def _battery_owners(random: Random, homes: list[Home], sunny: list[Home]) -> list[Home]:
    """A quarter of the homes: two in three of them have PV."""
    wanted = ceil(len(homes) / 4)
    with_pv = random.sample(sunny, min(len(sunny), ceil(wanted * 2 / 3)))
    others = [home for home in homes if home.pv is None]
    return with_pv + random.sample(others, wanted - len(with_pv))


def _battery(grid: Grid, random: Random) -> Battery:
    kind = random.choice([storage for storage in grid.storages if storage.power_w <= HOME_STORAGE_W_MAX])
    return Battery(
        capacity_wh=kind.capacity_wh,
        charge_w_max=kind.power_w,
        discharge_w_max=kind.power_w,
        stored_wh=kind.capacity_wh * random.uniform(0.2, 0.5),
        efficiency=kind.efficiency,
    )
