"""
A Config is what makes one board this device: its role, keys, peers, wiring and limits.
The operator writes it as `config.json` on the flash, the 32-byte secret seed beside it as
`key.bin`. It is checked once, at start, with an error that names the setting to change.
"""

import json
import os
import sys
from binascii import unhexlify
from collections import namedtuple


class ConfigError(Exception):
    """A setting is missing or wrong; the message names it."""


# deferrable_w: the heater of a meter, charge_w: what its battery charges with at most. Of an M-LMD's meters.
Peer = namedtuple("Peer", ("id", "public_key", "mac", "deferrable_w", "charge_w"))
# Modbus addresses, 0 for none. chip: what measures the load, of load_chip.NAMES; address 1 stands for any but a PZEM.
# switch: the load runs through the board's relay. button: for lock-out, no switch that stays. led: shows patterns.
Equipment = namedtuple(
    "Equipment", ("load", "pv", "battery", "sdm", "inverter", "heater", "chip", "switch", "button", "led")
)
# Another M-LMD on the same feeder.
Neighbour = namedtuple("Neighbour", ("id", "public_key", "mac", "power_w_max"))
# Of an M-LMD: the curve of IEC 60898-1, the rated current, and whether two coils move the contact.
Breaker = namedtuple("Breaker", ("curve", "rated_ma", "coils"))
LIMITS = (
    "temperature_mc_min",
    "temperature_mc_max",
    "on_s_min",
    "off_s_min",
    "soc_permille_min",
    "soc_permille_max",
    "charge_w_max",
    "discharge_w_max",
)
Limits = namedtuple("Limits", LIMITS)
_FIELDS = (
    "role",
    "name",
    "board",
    "network_id",
    "area_id",
    "device_id",
    "aggregator_public_key",
    "mlmd",  # Peer, or None
    "meters",  # of an M-LMD: Peers; without a public key a meter is carried and not watched
    "channel",
    "wifi",  # (ssid, password), or None
    "mqtt",  # (host, port, whether with TLS), or None
    "sample_s",
    "power_w_max",
    "equipment",
    "limits",
    "breaker",  # of an M-LMD
    "peers",  # of an M-LMD: the Neighbours it shares the feeder with
    "feeder_power_w_max",  # 0: unknown, nothing is shared
    "seed",
)
Config = namedtuple("Config", _FIELDS)

_HEATER = LIMITS[:4]
_BATTERY = LIMITS[4:]
_WINDOW_S = 900


def _get(table, name, kind):
    value = table.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError("config.json: %s must be %s" % (name, _WORDS[kind]))
    return value


_WORDS = {int: "a whole number", str: "text", dict: "a table", list: "a list", bool: "true or false"}


def _octets(table, name, length):
    text = _get(table, name, str)
    try:
        value = unhexlify(text)
    except ValueError:
        value = b""
    if len(value) != length:
        raise ConfigError("config.json: %s must be %d bytes in hex" % (name, length))
    return value


def _peer(table, with_key):
    key = _octets(table, "public_key", 32) if with_key or "public_key" in table else None
    powers = table.get("deferrable_w", 0), table.get("charge_w", 0)
    return Peer(_octets(table, "id", 8), key, _octets(table, "mac", 6), *powers)


def _neighbour(table):
    peer = _peer(table, True)
    return Neighbour(peer.id, peer.public_key, peer.mac, _get(table, "power_w_max", int))


def _equipment(table):
    pzem = table.get("pzem", {})
    addresses = [
        pzem.get("load", 0),
        pzem.get("pv", 0),
        pzem.get("battery", 0),
        table.get("sdm", 0),
        table.get("inverter", 0),
    ]
    for address in addresses:
        if not isinstance(address, int) or not 0 <= address <= 247:
            raise ConfigError("config.json: equipment: a Modbus address is 1 to 247, or 0 for none")
    chip = table.get("chip", "pzem")
    if chip not in ("pzem", "cse7766", "p1", "s0"):
        raise ConfigError("config.json: equipment: chip must be pzem, cse7766, p1 or s0")
    if chip != "pzem":
        addresses[0] = 1
    has_switch, has_button, has_led = [bool(table.get(name, False)) for name in ("switch", "button", "led")]
    heater = bool(table.get("heater", False))
    if heater and has_switch:
        raise ConfigError("config.json: equipment: one relay, of a heater or a switch")
    equipment = Equipment(*(addresses + [heater, chip, has_switch, has_button, has_led]))
    if bool(equipment.battery) != bool(equipment.inverter):
        raise ConfigError(
            "config.json: equipment: a battery has both, pzem.battery to measure it and an inverter to set it"
        )
    return equipment


def _limits(table, equipment):
    of_relay = _HEATER if equipment.heater else _HEATER[2:] if equipment.switch else ()
    needed = of_relay + (_BATTERY if equipment.inverter else ())
    limits = Limits(*[_get(table, name, int) if name in needed else 0 for name in LIMITS])
    if equipment.heater and not limits.temperature_mc_min < limits.temperature_mc_max:
        raise ConfigError("config.json: limits: temperature_mc_min must be below temperature_mc_max")
    if equipment.inverter and not 0 <= limits.soc_permille_min < limits.soc_permille_max <= 1000:
        raise ConfigError("config.json: limits: soc_permille_min must be below soc_permille_max, both 0 to 1000")
    return limits


def _mqtt(table):
    if "mqtt" not in table:
        return None
    broker = _get(table, "mqtt", dict)
    return _get(broker, "host", str), _get(broker, "port", int), "tls" in broker and _get(broker, "tls", bool)


def _wifi(table):
    if "wifi" not in table:
        return None
    wifi = _get(table, "wifi", dict)
    return _get(wifi, "ssid", str), _get(wifi, "password", str)


def _breaker(table):
    if "breaker" not in table:
        return Breaker("C", 63000, False)
    settings = _get(table, "breaker", dict)
    coils = bool(settings.get("coils", False))
    breaker = Breaker(_get(settings, "curve", str), _get(settings, "rated_ma", int), coils)
    if breaker.curve not in ("B", "C", "D") or not 1000 <= breaker.rated_ma <= 2000000:
        raise ConfigError("config.json: breaker: curve must be B, C or D, and rated_ma 1000 to 2000000")
    return breaker


def _check_link(config):
    if config.role not in ("meter", "mlmd"):
        raise ConfigError("config.json: role must be meter or mlmd")
    if config.role == "mlmd" and not config.mqtt:
        raise ConfigError("config.json: an mlmd needs mqtt: {host, port}")
    if config.role == "meter" and not (config.mlmd or config.mqtt):
        raise ConfigError("config.json: a meter needs mlmd: {id, public_key, mac}, or mqtt: {host, port}")
    if config.role == "meter" and not config.equipment.load:
        raise ConfigError("config.json: a meter needs equipment.pzem.load")
    if config.role == "mlmd" and not config.equipment.sdm:
        raise ConfigError("config.json: an mlmd needs equipment.sdm")


def parse(table, seed):
    """The Config in `table` (config.json, decoded) and `seed` (key.bin). Raises ConfigError."""
    if len(seed) != 32:
        raise ConfigError("key.bin must hold 32 bytes")
    equipment = _equipment(_get(table, "equipment", dict))
    mlmd = _peer(_get(table, "mlmd", dict), True) if table.get("mlmd") else None
    config = Config(
        _get(table, "role", str),
        _get(table, "name", str),
        _get(table, "board", str),
        _octets(table, "network_id", 8),
        _octets(table, "area_id", 8),
        _octets(table, "device_id", 8),
        _octets(table, "aggregator_public_key", 32),
        mlmd,
        [_peer(meter, False) for meter in table.get("meters", [])],
        table.get("channel", 1),
        _wifi(table),
        _mqtt(table),
        table.get("sample_s", 300),
        table.get("power_w_max", 0),
        equipment,
        _limits(table.get("limits", {}), equipment),
        _breaker(table),
        [_neighbour(peer) for peer in table.get("peers", [])],
        table.get("feeder_power_w_max", 0),
        seed,
    )
    if not isinstance(config.sample_s, int) or config.sample_s < 1 or _WINDOW_S % config.sample_s:
        raise ConfigError("config.json: sample_s must divide %d" % _WINDOW_S)
    _check_link(config)
    return config


def read(directory="."):
    """The Config on the flash. Raises ConfigError."""
    try:
        with open(directory + "/config.json") as file:
            table = json.load(file)
        with open(directory + "/key.bin", "rb") as file:
            seed = file.read()
    except OSError as error:
        raise ConfigError("config.json or key.bin is missing on the flash (%s)" % error)
    except ValueError as error:
        raise ConfigError("config.json is not JSON (%s)" % error)
    if "state" in os.listdir(directory) and "keys" in os.listdir(directory + "/state"):
        from key_book import overlay

        overlay(table)
        del sys.modules["key_book"], sys.modules["provisioning"]
    return parse(table, seed)
