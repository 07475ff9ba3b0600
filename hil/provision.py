"""
What an operator does before a neighbourhood is switched on: hands out keys and configs,
and signs the registrations and, with their users, the contracts. Pure: from a seed and
the plant's sites to the contents of files and transactions.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from hil import profile, secure_link
from hil.identity import Identity
from hil.plant import Site
from hil.plant.breaker_sense import CURVE, rated_a
from wire import contract, energy_type, kind, message, registration
from wire import profile as wire_profile
from wire.interval import interval_of

NOBODY = bytes(8)
SAMPLE_S = 300
FRIENDLY = 4  # every fourth household that makes nothing itself buys from a plant it knows
CHANNEL = 1


@dataclass(frozen=True)
class Network:
    """The holders of all keys of one run. devices, users: by site name (a user is the owner of that meter)."""

    network_id: bytes
    operator: Identity
    aggregator: Identity
    cloud: Identity
    devices: dict[str, Identity]
    users: dict[str, Identity]
    sites: tuple[Site, ...]
    feeder_power_w_max: int = 0

    @property
    def meters(self) -> list[Site]:
        return [site for site in self.sites if site.role == "meter"]

    @property
    def mlmds(self) -> list[Site]:
        return [site for site in self.sites if site.role == "mlmd"]


def found(seed: int, sites: Sequence[Site], feeder_power_w_max: int = 0) -> Network:
    def holder(name: str) -> Identity:
        return Identity.of(seed, name)

    return Network(
        sha256(f"gridtide/{seed}/network".encode()).digest()[:8],
        holder("operator"),
        holder("aggregator"),
        holder("cloud"),
        {site.name: holder(site.name) for site in sites},
        {site.name: holder(f"owner of {site.name}") for site in sites if site.role == "meter"},
        tuple(sites),
        feeder_power_w_max,
    )


# -- devices ------------------------------------------------------------------------------------


def device_files(network: Network, site: Site, tls: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """What is on the device's flash when it is delivered: name -> bytes. tls: the files of Gate.files."""
    config = device_config(network, site)
    if tls:
        config["mqtt"] = {"host": secure_link.HOST, "port": secure_link.PORT, "tls": True}
    return {"config.json": json.dumps(config).encode(), "key.bin": network.devices[site.name].seed, **(tls or {})}


def device_config(network: Network, site: Site) -> dict:
    own = network.devices[site.name]
    shared = {
        "role": site.role,
        "name": site.name,
        "board": "esp32_devkit",
        "network_id": network.network_id.hex(),
        "area_id": network.aggregator.id.hex(),
        "device_id": own.id.hex(),
        "aggregator_public_key": network.aggregator.public_key.hex(),
        "operator_public_key": network.operator.public_key.hex(),
        "channel": CHANNEL,
        "sample_s": SAMPLE_S,
        "power_w_max": site.power_w_max,
        "equipment": site.equipment,
        "limits": site.limits,
    }
    return shared | (_mlmd_links(network, site) if site.role == "mlmd" else _meter_links(network, site))


def _mlmd_links(network: Network, site: Site) -> dict:
    return {
        "meters": [_meter_peer(network, meter) for meter in network.meters if meter.mlmd == site.name],
        "peers": [_neighbour(network, other) for other in network.mlmds if other.name != site.name],
        "feeder_power_w_max": network.feeder_power_w_max,
        "breaker": {"curve": CURVE, "rated_ma": 1000 * rated_a(site.power_w_max)},
        "wifi": {"ssid": "gridtide", "password": "on the bench the air is free"},
        "mqtt": {"host": "127.0.0.1", "port": 1883},
    }


def _meter_peer(network: Network, meter: Site) -> dict:
    """A meter as its M-LMD knows it, with what may be shed behind it."""
    holder = network.devices[meter.name]
    deferrable_w = sum(terms[0] for kind_number, terms, _ in meter.contracts if kind_number == contract.DEFERRABLE)
    peer = {"id": holder.id.hex(), "public_key": holder.public_key.hex(), "mac": holder.mac.hex()}
    return peer | {"deferrable_w": deferrable_w, "charge_w": meter.limits.get("charge_w_max", 0)}


def _neighbour(network: Network, other: Site) -> dict:
    holder = network.devices[other.name]
    peer = {"id": holder.id.hex(), "public_key": holder.public_key.hex(), "mac": holder.mac.hex()}
    return peer | {"power_w_max": other.power_w_max}


def _meter_links(network: Network, site: Site) -> dict:
    mlmd = network.devices[site.mlmd]
    return {"mlmd": {"id": mlmd.id.hex(), "public_key": mlmd.public_key.hex(), "mac": mlmd.mac.hex()}}


# -- services -----------------------------------------------------------------------------------


def genesis(network: Network, start_s: int, feeder_power_w_max: int) -> dict:
    return {
        "network_id": network.network_id.hex(),
        "operator_public_key": network.operator.public_key.hex(),
        "start_interval": interval_of(start_s),
        "feeder_power_w_max": feeder_power_w_max,
    }


def aggregator_settings(network: Network, feeder_power_w_max: int) -> dict:
    return {
        "network_id": network.network_id.hex(),
        "operator_public_key": network.operator.public_key.hex(),
        "cloud_id": network.cloud.id.hex(),
        "cloud_public_key": network.cloud.public_key.hex(),
        "feeder_power_w_max": feeder_power_w_max,
        "area_power_w_max": {network.devices[site.name].id.hex(): site.power_w_max for site in network.mlmds},
    }


def toml(settings: dict) -> str:
    """`settings` (strings, whole numbers, tables of them) as TOML."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if not isinstance(value, dict)]
    for name, table in settings.items():
        if isinstance(table, dict):
            lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


# -- ledger -------------------------------------------------------------------------------------


def transactions(network: Network) -> list[bytes]:
    """The operator's registrations, then the users' contracts, signed."""
    return _registrations(network) + _contracts(network) + _profiles(network)


def _registrations(network: Network) -> list[bytes]:
    area_id = network.aggregator.id
    subjects = [
        (network.cloud, registration.CLOUD, NOBODY, NOBODY, energy_type.GRID),
        (network.aggregator, registration.AGGREGATOR, NOBODY, area_id, energy_type.GRID),
    ]
    subjects += [(user, registration.USER, NOBODY, NOBODY, energy_type.GRID) for user in network.users.values()]
    for site in network.mlmds:
        subjects.append((network.devices[site.name], registration.MLMD, NOBODY, area_id, energy_type.GRID))
    for site in network.meters:
        owner_id = network.users[site.name].id
        subjects.append((network.devices[site.name], registration.METER, owner_id, area_id, site.energy_type))
    return [
        _sealed(
            network,
            network.operator,
            kind.REGISTRATION,
            registration.LAYOUT,
            (nonce, subject.id, role, subject.public_key, owner_id, area, made),
        )
        for nonce, (subject, role, owner_id, area, made) in enumerate(subjects, start=1)
    ]


def _contracts(network: Network) -> list[bytes]:
    signed: list[bytes] = []
    for site in network.meters:
        owner, device_id = network.users[site.name], network.devices[site.name].id
        for nonce, (contract_kind, terms, energy_types) in enumerate(site.contracts, start=1):
            agreed = _with_friends(network, site, terms) if contract_kind == contract.SUPPLY else terms
            fields = (nonce, len(signed) + 1, contract_kind, device_id, agreed, energy_types)
            signed.append(_sealed(network, owner, kind.CONTRACT, contract.LAYOUT, fields))
    return signed


def _with_friends(network: Network, site: Site, terms: tuple[int, ...]) -> tuple[int, ...]:
    """Supply terms with a plant's id: some households have friends with solar modules in the same micro area."""
    has_friends = site.energy_type != energy_type.SOLAR and network.meters.index(site) % FRIENDLY == 0
    plants = [other for other in network.meters if other.mlmd == site.mlmd and other.energy_type == energy_type.SOLAR]
    if not has_friends or not plants:
        return terms
    plant_id = network.devices[plants[0].name].id
    named = dict(zip(contract.TERMS[contract.SUPPLY], terms, strict=True))
    named["plant_id_high"] = int.from_bytes(plant_id[:4], "big")
    named["plant_id_low"] = int.from_bytes(plant_id[4:], "big")
    return tuple(named.values())


def particulars(network: Network, site: Site) -> list:
    """Whom a meter's user would be: stands nowhere in a run but here (tests/hil/test_privacy.py)."""
    equipment = [name for name, fitted in site.equipment.items() if fitted]
    return profile.particulars(network.users[site.name].seed.hex(), site.name, equipment)


def _profiles(network: Network) -> list[bytes]:
    """Each user's first transaction after the contracts."""
    signed = []
    for site in network.meters:
        user = network.users[site.name]
        keys = (user.public_key, network.operator.public_key)
        boxes = profile.boxes(user.seed.hex(), particulars(network, site), *keys)
        fields = (len(site.contracts) + 1, *boxes)
        signed.append(_sealed(network, user, kind.PROFILE, wire_profile.LAYOUT, fields))
    return signed


def _sealed(network: Network, signer: Identity, kind_number: int, layout: object, fields: tuple) -> bytes:
    return message.seal(kind_number, layout, fields, signer.id, network.network_id, signer.sign)
