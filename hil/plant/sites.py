"""How homes and areas look from outside: the Sites the bench provisions devices for."""

from wire import energy_type

from . import agreement, grid, wiring
from .area import Area
from .neighbourhood import Home
from .site import METER, MLMD, Site

SERVICE_W_MAX = 14_490  # 63 A at 230 V
AREA_W_PER_METER = 1600  # a micro area is smaller than the feeder, so its peaks are less smoothed
AREA_W_MIN = 6000


def sites_of(homes: list[Home], areas: dict[str, Area], area_of: dict[str, Area]) -> list[Site]:
    meters = [_meter_site(i, home, area_of[home.name].name) for i, home in enumerate(homes)]
    return meters + [_mlmd_site(area) for area in areas.values()]


def _meter_site(number: int, home: Home, mlmd: str) -> Site:
    return Site(
        name=home.name,
        role=METER,
        mlmd=mlmd,
        street=home.street,
        node=home.load.node,
        equipment={
            "pzem": {
                "load": wiring.LOAD,
                "pv": wiring.PV if home.pv else 0,
                "battery": wiring.BATTERY if home.battery else 0,
            },
            "sdm": 0,
            "inverter": wiring.INVERTER if home.battery else 0,
            "heater": home.heater is not None,
        },
        limits=agreement.limits(home.heater, home.battery),
        contracts=agreement.contracts(home.heater, home.battery, number),
        energy_type=energy_type.SOLAR if home.pv else energy_type.GRID,
        power_w_max=SERVICE_W_MAX,
    )


def _mlmd_site(area: Area) -> Site:
    street, node = _junction(area)
    return Site(
        name=area.name,
        role=MLMD,
        mlmd=area.name,
        street=street,
        node=node,
        equipment={"pzem": {"load": 0, "pv": 0, "battery": 0}, "sdm": wiring.SDM, "inverter": 0, "heater": False},
        limits=agreement.limits(None, None),
        contracts=(),
        energy_type=energy_type.GRID,
        power_w_max=max(AREA_W_MIN, AREA_W_PER_METER * len(area.households)),
    )


def _junction(area: Area) -> tuple[int, int]:
    """The last node that the ways to all its households have in common."""
    paths = grid.load().paths()
    homes = [household.home for household in area.households]
    street = homes[0].street if homes else 0
    node = grid.load().trafo.to_node
    for nodes in zip(*(paths[home.load.node] for home in homes if home.street == street), strict=False):
        if len(set(nodes)) > 1:
            break
        node = nodes[0]
    return street, node
