"""
P8: what settling costs, reading by reading, as the number of meters grows. A generated region, no emulators: streets of
PV, batteries and plain households with the contracts of every kind, some intervals spread over a day. The rule runs as
on the ledger: flows, lots, wallets and the app hash after it. Promised: the same time per reading at every size.

    python -m tests.bench.settlement            1,000 and 10,000 meters
    python -m tests.bench.settlement 100000     that size, too
"""

import gc
import sys
from random import Random
from time import process_time

from chain.contracts import contract_key
from chain.contracts.agreed import begin
from chain.embedded import without_collector
from chain.genesis import Genesis
from chain.rules import settle_interval
from chain.rules.sent import Sent
from chain.state import Agreement, Book, Number, Posted, State, Subject, Wallet, u32
from chain.status import Status
from wire import contract
from wire.energy_type import GRID, SOLAR, STORAGE
from wire.ledger_time import Settlement
from wire.registration import AGGREGATOR, METER, USER

TARGET = 1.15
AREA = 1000  # meters of one aggregator
START = 980_000
SLOTS = (0, 7, 14, 18, 24, 30, 36, 43)  # of the 48 intervals of a day: night, morning, noon, evening
READINGS = 2  # of one meter in one interval
ROUNDS = 4


def region(meters: int, seed: int = 1) -> State:
    """A state with so many meters, each with an owner; every third has PV, every ninth a battery, too."""
    random = Random(f"region {seed}")
    state = State(Genesis(b"test-net", bytes(32), START + 48, feeder_power_w_max=2000 * meters))
    state.time.put(b"interval", Number(START + 48))
    for number in range(meters):
        area_id = (number // AREA + 1).to_bytes(8, "big")
        if number % AREA == 0:
            state.subjects.put(area_id, Subject(AGGREGATOR, bytes(32), bytes(8), area_id, GRID))
        meter_id, user_id = random.randbytes(8), random.randbytes(8)
        state.subjects.put(user_id, Subject(USER, bytes(32), bytes(8), bytes(8), GRID))
        state.subjects.put(meter_id, Subject(METER, bytes(32), user_id, area_id, SOLAR if number % 3 == 0 else GRID))
        state.wallets.put(user_id, Wallet(0, 0, 0))
        if number % 2 == 0:
            _agree(state, number + 1, user_id, meter_id)
    state.seal()
    return state


def _agree(state: State, number: int, user_id: bytes, meter_id: bytes) -> None:
    preferred = ((SOLAR, STORAGE, GRID), (STORAGE, SOLAR), (SOLAR,))[number % 3]
    agreement = Agreement(user_id, contract.SUPPLY, meter_id, (), preferred, 1)
    state.contracts.put(u32(number), agreement)
    state.contract_of.put(contract_key(meter_id, contract.SUPPLY), Number(number))
    begin(state, number, agreement)


def books(state: State, interval: int) -> None:
    """What everybody measured in one interval: sun at noon, batteries in the evening; booked as light blocks come."""
    random = Random(f"books {interval}")
    noon = max(0, 12 - abs(interval - START - 24))
    meters = [(subject.area_id, key, subject) for key, subject in state.subjects.rows() if subject.role == METER]
    for number, (_, meter_id, subject) in enumerate(sorted(meters)):
        has_sun = subject.energy_type == SOLAR
        has_battery = has_sun and number % 3 == 0
        book = Book(
            random.randrange(50, 700),
            random.randrange(100, 200) * noon if has_sun else 0,
            random.randrange(300) if has_battery and noon else 0,
            random.randrange(300) if has_battery and not noon else 0,
        )
        state.books.put(u32(interval) + meter_id, book)
    state.prices.put(u32(interval), Posted((250_000, 100_000, 150_000), 200_000))
    state.unsettled.put(u32(interval), Number(1))


def settle_once(state: State, interval: int) -> float:
    """Seconds of the CPU to settle an interval, app hash included; then it is taken out of the state again."""
    books(state, interval)
    state.seal()
    gc.collect()
    with without_collector():  # as the engine does
        start = process_time()
        status = settle_interval.apply(state, Sent(b"", bytes(8), None, Settlement(1, interval)))  # type: ignore
        state.seal()
        taken = process_time() - start
    assert status is Status.APPLIED
    for table in state.tables:
        for key in table.of_interval(interval):
            table.delete(key)
    state.seal()
    state.unsaved.clear()
    return taken


def seconds_per_reading(*sizes: int) -> dict[int, float]:
    """
    Of a day, by size: the fastest of some rounds of each interval, as every other process only takes. The sizes take
    turns, so that a busy minute of the machine is everybody's.
    """
    states = {meters: region(meters) for meters in sizes}
    best = {(meters, slot): float("inf") for meters in sizes for slot in SLOTS}
    for _ in range(ROUNDS):
        for slot in SLOTS:
            for meters, state in states.items():
                best[meters, slot] = min(best[meters, slot], settle_once(state, START + slot))
    return {meters: sum(best[meters, slot] for slot in SLOTS) / (meters * READINGS * len(SLOTS)) for meters in sizes}


def figures(*sizes: int) -> dict[str, dict[str, float]]:
    """P8 by name: the time per reading at each size over that of the smallest."""
    measured = seconds_per_reading(1_000, 10_000, *sizes)
    least = measured[1_000]
    return {
        f"P8 settlement, {meters} meters ({1e6 * taken:.1f} us a reading) over 1000": {
            "value": round(taken / least, 2),
            "at_most": TARGET,
        }
        for meters, taken in measured.items()
        if meters != 1_000
    }


if __name__ == "__main__":
    for name, figure in figures(*map(int, sys.argv[1:])).items():
        print(f"{name}: {figure['value']} (promised at most {figure['at_most']})")
