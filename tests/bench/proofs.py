"""
What a proof weighs and takes to check, as a ledger grows: after a day and after a month of a neighbourhood of thirty
meters and three M-LMDs. Generated, without emulators: readings, prices, decisions, receipts and settlements of every
interval go through the state machine. Each kind of proof is made for many rows; the largest counts.

    python -m tests.bench.proofs
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from random import Random
from time import perf_counter
from typing import Any

from chain.prove import decision, outcome, path_to, state_proof, with_reading
from chain.query import unsettled
from chain.state import u32
from chain.transition import apply_block
from phone.client import Phone
from phone.ed25519 import verify
from phone.header import HeaderChain
from tests.chain.story import TERMS
from tests.chain.world import NETWORK, START, World, window
from wire import block, header, kind, merkle, message, proof, reading
from wire.contract import BATTERY, DEFERRABLE
from wire.energy_type import GRID, SOLAR
from wire.reading import HAS_BATTERY, HAS_HEATER

METERS = {f"m{number}": SOLAR if number % 3 == 0 else GRID for number in range(1, 31)}
MLMDS = ("mlmd", "mlmd-2", "mlmd-3")
DAY, MONTH = 48, 48 * 30
SIZE_MAX = 2048
SAMPLES = 60


class Neighbourhood(World):
    """transactions, statuses, decisions: of the last block that decided something."""

    def __init__(self) -> None:
        super().__init__()
        self.people(METERS)
        for name in MLMDS[1:]:
            self.must(self.registration(name, "mlmd", area="area"))
        for number, meter in enumerate(METERS, start=1):
            contract = BATTERY if METERS[meter] == SOLAR else DEFERRABLE
            self.must(self.contract(f"user-{meter}", number, contract, meter, TERMS[contract]))
        self.decided: tuple[bytes, Any] = (b"", None)

    def live(self, interval: int) -> None:
        """One interval, as the services drive it."""
        price = self.price()
        decided = self.commit(price)
        self.decided = price, decided
        for one in decided.decisions:
            self.commit(self.receipt(self.name_of(one.device_id), one.decision_id, one.decision_id))
        for half in (0, 1):
            entries = {meter: _measured(number, interval) for number, meter in enumerate(METERS)}
            readings = self.readings(interval, half)
            root = merkle.root(readings)
            start_s = window(interval, half)
            self.commit(self.light_block("area", start_s, entries, merkle_root=root, reading_count=len(readings)))
        self.commit(self.advance(interval + 1))
        for due in unsettled(self.state):
            self.commit(self.settlement(due))

    def commit(self, transaction: bytes) -> Any:
        result = apply_block(self.state, [transaction])
        assert not any(result.statuses), result.statuses
        self.state.unsaved.clear()
        self.last = transaction, result
        return result

    def readings(self, interval: int, half: int) -> list[bytes]:
        """What all devices would have signed; here the proved one alone is, for its signature is nobody's business."""
        return [
            self.reading(name, interval, half) if name == "m1" else sha256(f"{name}{interval}{half}".encode()).digest()
            for name in (*METERS, *MLMDS)
        ]

    def reading(self, name: str, interval: int, half: int) -> bytes:
        names = [field for field, _ in reading.RECORD.fields]
        fields = dict.fromkeys(names, 12_345_678) | {"start_s": window(interval, half), "duration_s": 900}
        fields |= {"soc_permille": 500, "relays": 1, "flags": 1, "voltage_mv": 230_000, "frequency_mhz": 50_000}
        return self.sign(name, kind.READING, reading.LAYOUT, (1, 2 * interval + half, (reading.Record(**fields),)))

    def header_of(self, transaction: bytes, result: Any) -> bytes:
        statuses = tuple(map(int, result.statuses))
        whole = block.Block(
            9999, self.state.interval, bytes(32), b"", self.state.app_hash, (transaction,), statuses, result.decisions
        )
        return self.sign("cloud", kind.HEADER, header.LAYOUT, header.header_of(whole, bytes(32)))


def _measured(number: int, interval: int) -> dict[str, int]:
    has_sun = number % 3 == 2
    return {
        "consumed_wh": 100 + (interval * 37 + number * 11) % 400,
        "produced_wh": (interval % 48) * 20 if has_sun else 0,
        "charged_wh": 80 if has_sun and interval % 48 < 24 else 0,
        "discharged_wh": 60 if has_sun and interval % 48 >= 24 else 0,
        "temperature_mc": 45_000 + interval * 97 % 20_000,
        "soc_permille": interval * 13 % 1000,
        "flags": HAS_BATTERY if has_sun else HAS_HEATER,
    }


Check = Callable[[Phone, bytes], Any]


def cases(world: Neighbourhood, signed: bytes) -> Iterator[tuple[str, bytes, Check]]:
    """(kind, proof, how a phone checks it), some of each kind."""
    dice = Random(1)
    state = world.state

    def row(table: int, key: bytes) -> bytes:
        return message.encode(proof.LAYOUT, proof.Proof(signed, (state_proof(state, table, key),), (), b"", ()))

    for meter in METERS:
        user = world.id(f"user-{meter}")
        yield "a balance", row(proof.WALLETS, user), lambda phone, made, user=user: phone.wallet(made, user)
    intervals = [dice.randrange(START, state.interval) for _ in range(SAMPLES)]
    for at in intervals:
        yield "a price", row(proof.PRICES, u32(at)), lambda phone, made, at=at: phone.price(made, at)
    plain = [key for key, lot in state.lots.items() if not lot.origins]
    for key in dice.sample(plain, min(SAMPLES, len(plain))):
        place = int.from_bytes(key[:4], "big"), key[4:12], key[12]
        yield "a lot", row(proof.LOTS, key), lambda phone, made, place=place: phone.lot_wh(made, *place)
    key = world.key("m1").public
    for at in intervals:
        readings, start_s = world.readings(at, 0), window(at)
        root = row(proof.ROOTS, world.id("area") + start_s.to_bytes(8, "big") + bytes(2))
        made = with_reading(root, readings[0], path_to(readings, 0))
        where = world.id("area"), start_s, 0, key
        yield "a reading", made, lambda phone, made, where=where: phone.reading(made, *where)
    transaction, decided = world.decided
    own = world.header_of(transaction, decided)
    for index in range(len(decided.decisions)):
        yield "a decision", decision(decided.decisions, index, own), lambda phone, made: phone.decision(made, 9999)
    made = outcome([transaction], decided.statuses, 0, own)
    yield "an outcome", made, lambda phone, made: phone.status(made, transaction, 9999)


def measured(world: Neighbourhood) -> dict[str, tuple[int, float]]:
    """By kind: the largest proof in bytes, and the mean time to check one in microseconds."""
    signed = world.header_of(*world.last)
    cloud = world.key("cloud")
    sizes: dict[str, int] = {}
    times: dict[str, list[float]] = {}
    for name, made, check in cases(world, signed):
        phone = Phone(HeaderChain({cloud.id: cloud.public}, NETWORK, verify))
        start = perf_counter()
        check(phone, made)
        times.setdefault(name, []).append(perf_counter() - start)
        sizes[name] = max(sizes.get(name, 0), len(made))
    return {name: (size, 1e6 * sorted(times[name])[len(times[name]) // 2]) for name, size in sizes.items()}


def figures() -> dict[str, dict[str, float]]:
    """Bytes of the largest proof of each kind, its header with it, after a day and after a month."""
    world, found = Neighbourhood(), {}
    for name, end in (("day", DAY), ("month", MONTH)):
        for interval in range(world.state.interval, START + end):
            world.live(interval)
        rows = sum(map(len, world.state.tables))
        for what, (size, taken) in measured(world).items():
            found[f"proof of {what}, a {name} of 30 meters ({rows} rows; {taken:.0f} us to check), bytes"] = {
                "value": size,
                "at_most": SIZE_MAX,
            }
    return found


if __name__ == "__main__":
    for name, figure in figures().items():
        print(f"{name}: {figure['value']} (promised at most {figure['at_most']})")
