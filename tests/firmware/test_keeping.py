"""What is kept for a while: parcels, counters, and configs with their errors."""

import json
import os

import config
from counters import Counters
from hold import Hold
from parcel import READINGS_MAX, Parcel


def test_a_hold_ends_when_its_command_expires():
    hold = Hold()
    assert hold.value(0) is None
    hold.set(0, 100)
    assert (hold.value(99), hold.expires_s) == (0, 100)
    assert (hold.value(100), hold.expires_s) == (None, None)
    hold.set(1, 100)
    assert hold.value(None) is None


def test_a_parcel_is_complete_with_everybody_or_full():
    parcel = Parcel([b"a", b"b"])
    assert parcel.is_empty() and not parcel.is_complete()
    assert parcel.add(b"a", b"1") and parcel.add(b"a", b"1") and not parcel.is_complete()
    assert parcel.add(b"b", b"2") and parcel.is_complete()
    assert parcel.take() == [b"1", b"2"] and parcel.is_empty() and not parcel.is_complete()
    assert all(parcel.add(b"a", bytes([n])) for n in range(READINGS_MAX))
    assert parcel.is_complete()
    assert not parcel.add(b"b", b"late")


def test_counters_outlive_a_restart_and_a_spoilt_file():
    path = f"/tmp/gridtide-counters-{int.from_bytes(os.urandom(6), 'big')}.json"
    counters = Counters(path)
    counters.count("commands_obeyed")
    for utc_s in (None, 86400, 86401, 2 * 86400):
        counters.count_switch(utc_s)
    counters.write()
    again = Counters(path)
    assert again.values == counters.values
    assert (again.values["relay_switches"], again.values["relay_switches_today_max"]) == (4, 2)
    assert again.values["relay_switches_today"] == 1
    with open(path, "w") as file:
        file.write('{"boots": 3')
    assert Counters(path).values["boots"] == 0
    os.remove(path)


GOOD = {
    "role": "meter",
    "name": "meter-01",
    "board": "esp32_devkit",
    "network_id": "00" * 8,
    "area_id": "01" * 8,
    "device_id": "02" * 8,
    "aggregator_public_key": "03" * 32,
    "mlmd": {"id": "04" * 8, "public_key": "05" * 32, "mac": "06" * 6},
    "channel": 1,
    "sample_s": 300,
    "power_w_max": 14490,
    "equipment": {"pzem": {"load": 1, "pv": 2, "battery": 3}, "sdm": 0, "inverter": 10, "heater": True},
    "limits": {
        "temperature_mc_min": 45000,
        "temperature_mc_max": 70000,
        "on_s_min": 900,
        "off_s_min": 900,
        "soc_permille_min": 100,
        "soc_permille_max": 950,
        "charge_w_max": 3400,
        "discharge_w_max": 3400,
    },
}


def with_(path, value):
    """GOOD with one setting changed, or taken away when value is None. path: names with dots between."""
    table = json.loads(json.dumps(GOOD))
    names = path.split(".")
    place = table
    for name in names[:-1]:
        place = place[name]
    if value is None:
        del place[names[-1]]
    else:
        place[names[-1]] = value
    return table


WRONG = (
    ("role", "master", "role must be"),
    ("role", "mlmd", "an mlmd needs mqtt"),
    ("role", None, "role must be text"),
    ("name", 5, "name must be text"),
    ("network_id", "00" * 7, "network_id must be 8 bytes in hex"),
    ("network_id", "zz" * 8, "network_id must be 8 bytes in hex"),
    ("aggregator_public_key", "03" * 31, "aggregator_public_key must be 32 bytes"),
    ("mlmd", None, "a meter needs mlmd"),
    ("mlmd.mac", "06", "mac must be 6 bytes"),
    ("sample_s", 7, "sample_s must divide 900"),
    ("equipment", None, "equipment must be a table"),
    ("equipment.pzem.load", 0, "a meter needs equipment.pzem.load"),
    ("equipment.pzem.load", 300, "a Modbus address is 1 to 247"),
    ("equipment.inverter", 0, "a battery has both"),
    ("limits.temperature_mc_min", None, "temperature_mc_min must be a whole number"),
    ("limits.temperature_mc_min", 70000, "temperature_mc_min must be below"),
    ("limits.soc_permille_max", 1001, "soc_permille_min must be below soc_permille_max"),
    ("limits.on_s_min", 1.5, "on_s_min must be a whole number"),
)


def error_of(table, seed):
    try:
        config.parse(table, seed)
    except config.ConfigError as error:
        return str(error)
    return None


def test_a_good_config():
    settings = config.parse(GOOD, bytes(32))
    assert settings.mlmd == config.Peer(bytes([4]) * 8, bytes([5]) * 32, bytes([6]) * 6, 0, 0)
    assert settings.equipment == (1, 2, 3, 0, 10, True, "pzem", False, False, False)
    assert settings.limits.discharge_w_max == 3400


def test_every_wrong_setting_is_named():
    for path, value, expected in WRONG:
        error = error_of(with_(path, value), bytes(32))
        assert error and expected in error, (path, value, error)
    assert error_of(GOOD, bytes(31)) == "key.bin must hold 32 bytes"


def test_limits_are_needed_only_for_what_is_there():
    table = with_("equipment", {"pzem": {"load": 1}})
    table["limits"] = {}
    assert config.parse(table, bytes(32)).limits.charge_w_max == 0
