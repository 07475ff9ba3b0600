"""A small network in one process: keys by name, and one method per thing its members sign."""

from hashlib import sha256
from typing import Any

from nacl.signing import SigningKey

from chain.genesis import Genesis
from chain.query import light_block_head, nonce, prices_due
from chain.state import State
from chain.status import Status
from chain.transition import BlockResult, apply_block
from wire import block, contract, kind, ledger_time, light_block, merkle, message, price, receipt, registration
from wire.interval import INTERVAL_S, start_of

NETWORK = b"test-net"
START = 980_000  # the first interval: the first slot of its day is 32
OUTCOMES = {"obeyed": receipt.OBEYED, "refused": receipt.REFUSED}
ROLES = {
    "user": registration.USER,
    "meter": registration.METER,
    "mlmd": registration.MLMD,
    "aggregator": registration.AGGREGATOR,
    "cloud": registration.CLOUD,
}


class Key:
    """A member's key, from its name: the same in every run."""

    def __init__(self, name: str) -> None:
        self._secret = SigningKey(sha256(name.encode()).digest())
        self.public = bytes(self._secret.verify_key)
        self.id = sha256(self.public).digest()[:8]

    def sign(self, data: bytes) -> bytes:
        return self._secret.sign(data).signature


class World:
    """One ledger's state, or with `apply=` any engine, and everybody who signs."""

    def __init__(self, **settings: Any) -> None:
        self.keys: dict[str, Key] = {}
        self.genesis = Genesis(NETWORK, self.key("operator").public, **{"start_interval": START, **settings})
        self.state = State.begin(self.genesis)
        self.log: list[bytes] = []
        self.statuses: list[Status] = []
        self.decisions: list[Any] = []

    def key(self, name: str) -> Key:
        return self.keys.setdefault(name, Key(name))

    def id(self, name: str) -> bytes:
        return bytes(8) if name == "nobody" else self.key(name).id

    def name_of(self, identity: bytes) -> str:
        return next((name for name, key in self.keys.items() if key.id == identity), "grid")

    def sign(self, signer: str, number: int, layout: Any, fields: Any, network: bytes = NETWORK) -> bytes:
        key = self.key(signer)
        return message.seal(number, layout, layout.cls(*fields), key.id, network, key.sign)

    def apply(self, *transactions: bytes) -> BlockResult:
        result = apply_block(self.state, transactions)
        self.log += transactions
        self.statuses += result.statuses
        self.decisions += result.decisions
        return result

    def one(self, transaction: bytes) -> Status:
        return self.apply(transaction).statuses[0]

    def next_nonce(self, signer: str) -> int:
        return nonce(self.state, self.id(signer)) + 1

    # What members sign. Each gives the transaction; fields may be overridden by name.

    def registration(self, name: str, role: str, owner: str = "nobody", area: str = "nobody", energy: int = 0) -> bytes:
        key = self.key(name)
        fields = (
            self.next_nonce("operator"),
            key.id,
            ROLES[role],
            key.public,
            self.id(owner),
            self.id(area),
            energy,
        )
        return self.sign("operator", kind.REGISTRATION, registration.LAYOUT, fields)

    def contract(
        self, user: str, number: int, contract_kind: int, device: str, terms: Any, preferred: Any = ()
    ) -> bytes:
        fields = (self.next_nonce(user), number, contract_kind, self.id(device), tuple(terms), tuple(preferred))
        return self.sign(user, kind.CONTRACT, contract.LAYOUT, fields)

    def close(self, user: str, number: int) -> bytes:
        return self.sign(user, kind.CLOSE_CONTRACT, contract.CLOSE_LAYOUT, (self.next_nonce(user), number))

    def light_block(self, aggregator: str, window_start_s: int, entries: Any, **changed: Any) -> bytes:
        """
        entries: {device name: {field of the entry: value}}. The area's M-LMD, when it has one and is not named,
        measures the sum of the meters, or what area_wh= says.
        """
        number, previous = light_block_head(self.state, self.id(aggregator))
        rows = [entry(self.id(name), **fields) for name, fields in entries.items()]
        net_wh = sum(row.consumed_wh + row.charged_wh - row.produced_wh - row.discharged_wh for row in rows)
        junction = self.junction_of(aggregator)
        seen_wh = changed.pop("area_wh", net_wh)
        if junction is not None and junction not in [row.device_id for row in rows]:
            rows.append(entry(junction, consumed_wh=max(seen_wh, 0), produced_wh=max(-seen_wh, 0)))
        rows.sort()
        area_wh = sum(row.consumed_wh - row.produced_wh for row in rows if row.device_id == junction)
        fields = {
            "number": number + 1,
            "previous_hash": previous,
            "area_id": self.id(aggregator),
            "window_start_s": window_start_s,
            "part": self.part(aggregator, window_start_s),
            "reading_count": len(rows),
            "merkle_root": merkle.EMPTY_ROOT,
            "area_wh": changed.pop("said_wh", area_wh),
            "entries": tuple(rows),
            **changed,
        }
        return self.sign(aggregator, kind.LIGHT_BLOCK, light_block.LAYOUT, fields.values())

    def junction_of(self, aggregator: str) -> bytes | None:
        """The id of the area's first M-LMD."""
        area_id = self.id(aggregator)
        rows = self.state.subjects.items()
        found = [key for key, one in rows if one.role == registration.MLMD and one.area_id == area_id]
        return found[0] if found else None

    def part(self, aggregator: str, window_start_s: int) -> int:
        place = self.id(aggregator) + window_start_s.to_bytes(8, "big")
        parts = self.state.parts.get(place)
        return 0 if parts is None else parts.number

    def receipt(self, device: str, command_sequence: int, decision_id: int = 0, **changed: Any) -> bytes:
        fields = {
            "boot": 1,
            "sequence": command_sequence,
            "command_sequence": command_sequence,
            "decision_id": decision_id,
            "command_digest": bytes(8),
            "acted_s": start_of(self.state.interval) + 61,
            "outcome": receipt.OBEYED,
            "reason": 0,
            "action": 1,
            "value": 1,
            "power_w": 2000,
            "temperature_mc": 50_000,
            "soc_permille": 0,
            "relays": 1,
            **changed,
        }
        return self.sign(device, kind.RECEIPT, receipt.LAYOUT, fields.values())

    def advance(self, interval: int) -> bytes:
        return self.sign("cloud", kind.ADVANCE, ledger_time.ADVANCE_LAYOUT, (self.next_nonce("cloud"), interval))

    def settlement(self, interval: int) -> bytes:
        fields = (self.next_nonce("cloud"), interval)
        return self.sign("cloud", kind.SETTLEMENT, ledger_time.SETTLEMENT_LAYOUT, fields)

    def price(self, interval: int | None = None, prices: Any = None) -> bytes:
        due = prices_due(self.state) if prices is None else prices
        at = self.state.interval if interval is None else interval
        return self.sign("cloud", kind.PRICE, price.LAYOUT, (self.next_nonce("cloud"), at, due))

    # Ready-made neighbourhoods

    def people(self, meters: dict[str, int] | None = None) -> "World":
        """A cloud, an area with one M-LMD, and per meter a user of its own: {meter name: energy type}."""
        self.must(self.registration("cloud", "cloud"))
        self.must(self.registration("area", "aggregator", area="area"))
        self.must(self.registration("mlmd", "mlmd", area="area"))
        for meter, energy in (meters or {"m1": 0, "m2": 1}).items():
            self.must(self.registration(f"user-{meter}", "user"))
            self.must(self.registration(meter, "meter", f"user-{meter}", "area", energy))
        return self

    def must(self, transaction: bytes) -> None:
        status = self.one(transaction)
        assert status is Status.APPLIED, status.name

    def publish(self, height: int, interval: int, result: BlockResult, log: Any, previous: bytes) -> bytes:
        """The block as a cloud publishes it."""
        fields = (
            height,
            interval,
            previous,
            merkle.root(log),
            result.app_hash,
            tuple(log),
            tuple(int(status) for status in result.statuses),
            result.decisions,
        )
        return self.sign("cloud", kind.BLOCK, block.LAYOUT, fields)


def entry(device_id: bytes, **fields: int) -> Any:
    values = dict.fromkeys((name for name, _ in light_block.ENTRY.fields), 0)
    return light_block.Entry(**{**values, "device_id": device_id, "boot": 1, "sequence": 1, **fields})


def window(interval: int, half: int = 0) -> int:
    """UTC seconds at which the first (half 0) or second window of an interval begins."""
    return start_of(interval) + half * INTERVAL_S // 2
