"""One area in one process: keys by name, and a function for each thing its members sign."""

from hashlib import sha256
from typing import Any

from aggregator.registry import Device, Registry
from link.keys import Signer
from wire import bundle, load, message, reading, receipt, registration
from wire.interval import WINDOW_S
from wire.reading import Record

NETWORK = b"test-net"
NOW = 1_764_000_000 - 1_764_000_000 % 1800 + 1800  # the start of a market interval
ROLES = {"meter": registration.METER, "mlmd": registration.MLMD}


def signer(name: str) -> Signer:
    """A member's key, from its name: the same in every run."""
    return Signer(sha256(name.encode()).digest())


def ident(name: str) -> bytes:
    return signer(name).identity


def registry(*names: str) -> Registry:
    """The area of "aggregator"; a name begins with its role."""
    devices = {
        ident(name): Device(ROLES[name.partition("-")[0]], signer(name).public_key)
        for name in names or ("meter-1", "meter-2", "mlmd-1")
    }
    return Registry(ident("aggregator"), devices)


def record(start_s: int = NOW - WINDOW_S, **fields: int) -> Record:
    """A household's quarter hour that used 250 Wh; totals count from 100 kWh on."""
    whole = dict.fromkeys(Record._fields, 0) | {
        "start_s": start_s,
        "duration_s": WINDOW_S,
        "consumed_wh": 250,
        "consumed_total_wh": 100_000 + 250 * ((start_s - NOW) // WINDOW_S + 1000),
        "voltage_mv": 230_000,
        "power_w": 1000,
        "frequency_mhz": 50_000,
        "temperature_mc": 55_000,
        "relays": 1,
        "flags": reading.HAS_HEATER,
    }
    return Record(**(whole | fields))


def sign(name: str, kind: int, layout: Any, content: Any, network: bytes = NETWORK) -> bytes:
    key = signer(name)
    return message.seal(kind, layout, content, key.identity, network, key.sign)


def reading_of(name: str, boot: int, sequence: int, *records: Record, network: bytes = NETWORK) -> bytes:
    return sign(name, reading.KIND, reading.LAYOUT, (boot, sequence, records or (record(),)), network)


def bundle_of(name: str, *readings: bytes, sequence: int = 1, network: bytes = NETWORK) -> bytes:
    return sign(name, bundle.KIND, bundle.LAYOUT, (1, sequence, NOW, readings), network)


def load_of(name: str, sequence: int, power_w: int, measured_s: int = NOW, power_w_max: int = 10_000) -> bytes:
    content = (1, sequence, measured_s, power_w, 230_000, 50_000, power_w_max)
    return sign(name, load.KIND, load.LAYOUT, content)


def receipt_of(
    name: str, sequence: int, command: bytes, order: Any, outcome: int = receipt.OBEYED, **fields: int
) -> bytes:
    whole = {
        "boot": 1,
        "sequence": sequence,
        "command_sequence": order.sequence,
        "decision_id": order.decision_id,
        "command_digest": sha256(command).digest()[:8],
        "acted_s": NOW,
        "outcome": outcome,
        "reason": 0,
        "action": order.action,
        "value": order.value,
        "power_w": 0,
        "temperature_mc": 50_000,
        "soc_permille": 0,
        "relays": order.value,
    }
    return sign(name, receipt.KIND, receipt.LAYOUT, receipt.Receipt(**(whole | fields)))
