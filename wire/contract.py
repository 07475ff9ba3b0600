"""
A Contract is what a user agrees to for one device, signed by the user: what may be
switched or set, within which limits, at which prices. CloseContract ends it.

Terms are integers in the order of the kind's tuple below.
"""

from .kind import CLOSE_CONTRACT as CLOSE_KIND  # noqa: F401
from .kind import CONTRACT as KIND  # noqa: F401
from .schema import I63, ID, U8, U32, U62, Layout, listing

LAYOUT = Layout(
    "Contract",
    (
        ("nonce", U62),
        ("contract_id", U32),  # chosen by the user, 1 and up; refused when taken
        ("contract_kind", U8),
        ("device_id", ID),
        ("terms", listing(I63, 0, 16)),
        ("energy_types", listing(U8, 0, 16)),  # preferred first
    ),
)
Contract = LAYOUT.cls

CLOSE_LAYOUT = Layout("CloseContract", (("nonce", U62), ("contract_id", U32)))
CloseContract = CLOSE_LAYOUT.cls

SIZE_MAX = 1024

# contract_kind and its terms. A slot is a market interval of the UTC day, 0..47; 48 stands for no deadline.
SUPPLY = 1  # which energy to buy, and at most at which price
DEFERRABLE = 2  # a water heater or the like
BATTERY = 3
TERMS = {
    SUPPLY: (  # all but the first may be left out
        "price_micro_per_kwh_max",  # of what neighbours sell
        "solar_price_micro_per_kwh_max",
        "storage_price_micro_per_kwh_max",
        "grid_price_micro_per_kwh_max",  # above it the grid comes after everything else
        "is_neighbours_first",  # 1: all types from the own area before any from elsewhere
        "plant_id_high",  # first half of the device id of a plant preferred to all others; 0, 0 for none
        "plant_id_low",
        "is_demand_response",  # 0: no decision is made for this meter's equipment
    ),
    DEFERRABLE: (
        "power_w",
        "temperature_mc_min",
        "temperature_mc_max",
        "intervals_on_min",
        "intervals_off_min",
        "switches_per_day_max",
        "price_on_permille",  # on at or below this share of the mean price
        "price_off_permille",  # off at or above
        "deadline_slot",
        "deadline_temperature_mc",
    ),
    BATTERY: (
        "capacity_wh",
        "charge_w_max",
        "discharge_w_max",
        "soc_permille_min",
        "soc_permille_max",
        "price_charge_permille",
        "price_discharge_permille",
        "deadline_slot",
        "deadline_soc_permille",
    ),
}
