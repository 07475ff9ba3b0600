"""
P1: what taking a reading in costs beside the bare verification of its signature.

One pass: bundles of 60 readings are verified (their own signature and each reading's),
decoded, checked for replay, committed to disk and given a Merkle root; 32 bundles a
commit. The raw rate V is PyNaCl's, over 200-byte messages, measured in turns with it.
"""

import tempfile
from pathlib import Path
from time import perf_counter

from nacl.signing import SigningKey

from aggregator.intake import accept
from aggregator.store import Store
from link.keys import Signer
from tests.aggregator.area import NETWORK, NOW, bundle_of, record, registry, signer
from wire import merkle, message, reading
from wire.interval import WINDOW_S

TARGETS = {1: 0.8, 16: 5.0, 60: 10.0}  # of V, by records under one signature
BUNDLE, BYTES, COMMIT, DEVICES = 60, 64_000, 32, 60
ROUNDS = 15  # short ones: on a shared machine some of them are undisturbed


def raw_rate(count: int = 600) -> float:
    """Verifications per second of PyNaCl on one core; each message another, as they are in life."""
    keys = [SigningKey(bytes((number,)) * 32) for number in range(DEVICES)]
    messages = [bytes((number % 256,)) * 192 + number.to_bytes(8, "big") for number in range(count)]
    signed = [(keys[at % DEVICES].verify_key, bytes(keys[at % DEVICES].sign(item))) for at, item in enumerate(messages)]
    start = perf_counter()
    for key, item in signed:
        key.verify(item)
    return count / (perf_counter() - start)


def _reading(device: int, sequence: int, k: int, key: Signer) -> bytes:
    start_s = NOW - 3600
    step_s = 3600 // k if k > 4 else WINDOW_S
    records = tuple(
        record(start_s + number * step_s, duration_s=step_s, consumed_total_wh=1000 * sequence + number)
        for number in range(k)
    )
    content = reading.Reading(1, sequence, records)
    return message.seal(reading.KIND, reading.LAYOUT, content, key.identity, NETWORK, key.sign)


def parcels(k: int, bundles: int) -> list[bytes]:
    """Full bundles (60 readings, or as many as fit): reading after reading of each device in turn."""
    keys = [signer(f"meter-{device}") for device in range(DEVICES)]
    size = min(BUNDLE, BYTES // len(_reading(0, 1, k, keys[0])))
    numbers = range(bundles * size)
    readings = [_reading(number % DEVICES, number // DEVICES + 1, k, keys[number % DEVICES]) for number in numbers]
    return [bundle_of("mlmd-1", *readings[at : at + size]) for at in range(0, len(readings), size)]


def intake_rate(store: Store, bundles: list[bytes]) -> float:
    """Records per second, from bytes to disk."""
    members = registry("mlmd-1", *(f"meter-{device}" for device in range(DEVICES)))
    start = perf_counter()
    count = 0
    for at in range(0, len(bundles), COMMIT):
        with store.transaction():
            for parcel in bundles[at : at + COMMIT]:
                taken = accept(parcel, members, store.readings, NETWORK, NOW)
                assert not taken.refused
                store.readings.add(taken, NOW * 1000)
                merkle.root([accepted.data for accepted in taken.accepted])
                count += sum(len(accepted.records) for accepted in taken.accepted)
    return count / (perf_counter() - start)


def ratio(k: int, bundles: int = 32) -> float:
    """Records taken in per second over V: the best of some rounds of the one over the best of the other."""
    made = parcels(k, bundles)
    rate = raw = 0.0
    with tempfile.TemporaryDirectory() as directory:
        for number in range(ROUNDS):
            store = Store(Path(directory) / f"{number}.sqlite")
            raw = max(raw, raw_rate(), raw_rate())
            rate = max(rate, intake_rate(store, made))
            store.close()
    return rate / raw


def figures() -> dict[str, dict[str, float]]:
    """P1 by name: the ratio to V and what is promised."""
    return {f"P1 intake k={k}": {"value": round(ratio(k), 2), "target": target} for k, target in TARGETS.items()}


if __name__ == "__main__":
    for name, figure in figures().items():
        print(f"{name}: {figure['value']} V (promised {figure['target']} V)")
