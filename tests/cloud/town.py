"""A full node without sockets, on a real ledger file, and the people who submit to it."""

from hashlib import sha256
from pathlib import Path

from chain.embedded import EmbeddedLedger
from chain.genesis import Genesis
from cloud.node import FullNode, Outgoing
from link.timeseries import TimeSeries
from tests.aggregator.area import NETWORK, NOW, ident, record, sign, signer
from wire import contract, cose, light_block, message, registration
from wire.block import LAYOUT as BLOCK
from wire.block import Block
from wire.energy_type import SOLAR
from wire.interval import WINDOW_S, interval_of

START = interval_of(NOW)
ROLES = {
    "user": registration.USER,
    "meter": registration.METER,
    "mlmd": registration.MLMD,
    "aggregator": registration.AGGREGATOR,
    "cloud": registration.CLOUD,
}


class Town:
    """crash() loses everything that was not on disk. blocks: what was published, in order."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self._path = directory / "ledger.sqlite"
        self.genesis = Genesis(NETWORK, signer("operator").public_key, START, feeder_power_w_max=50_000)
        self.now_s: float = NOW
        self.blocks: list[Block] = []
        self._nonces: dict[str, int] = {}
        self._light_blocks: list[bytes] = []
        self._open()

    def _open(self) -> None:
        self.ledger = EmbeddedLedger.open(self._path, self.genesis)
        self.node = FullNode(self.ledger, self.genesis, signer("cloud"), TimeSeries(""))

    def crash(self) -> None:
        self.ledger.close()
        self._open()

    # What the node does.

    def submit(self, *transactions: bytes) -> list[bool]:
        return [self.node.mempool.put(transaction, int(self.now_s * 1000)) for transaction in transactions]

    def block(self) -> list[Block]:
        """A second later."""
        self.now_s += 1
        return self.published(self.node.make_block(self.now_s))

    def open_interval(self, interval: int) -> list[Block]:
        self.now_s = max(self.now_s, interval * 1800 + 60)
        return self.published(self.node.open_interval(interval, self.now_s))

    def published(self, messages: list[Outgoing]) -> list[Block]:
        opened = [message.decode(BLOCK, cose.open_envelope(sent.payload).payload) for sent in messages]
        self.blocks += opened
        return opened

    # What people sign.

    def nonce(self, name: str) -> int:
        self._nonces[name] = self._nonces.get(name, 0) + 1
        return self._nonces[name]

    def registration(self, name: str, owner: str = "", area: str = "", energy_type: int = 0) -> bytes:
        role = ROLES[name.partition("-")[0]]
        owner_id, area_id = (ident(who) if who else bytes(8) for who in (owner, area))
        key = signer(name)
        content = (self.nonce("operator"), key.identity, role, key.public_key, owner_id, area_id, energy_type)
        return sign("operator", registration.KIND, registration.LAYOUT, content)

    def everybody(self) -> list[bytes]:
        """The cloud, one area with an M-LMD and two meters; the second has a PV plant."""
        return [
            self.registration("cloud"),
            self.registration("aggregator", area="aggregator"),
            self.registration("user-1"),
            self.registration("user-2"),
            self.registration("mlmd-1", area="aggregator"),
            self.registration("meter-1", "user-1", "aggregator"),
            self.registration("meter-2", "user-2", "aggregator", SOLAR),
        ]

    def heater_contract(self, number: int = 1) -> bytes:
        terms = (2000, 45_000, 65_000, 0, 0, 20, 1000, 1200, 48, 0)
        content = (self.nonce("user-1"), number, contract.DEFERRABLE, ident("meter-1"), terms, ())
        return sign("user-1", contract.KIND, contract.LAYOUT, content)

    def light_block(self, window_start_s: int, part: int = 0, temperature_mc: int = 50_000) -> bytes:
        """Two meters: 500 Wh used, and 300 Wh used with 400 Wh of sun. Their junction."""
        rows = []
        meters = (("meter-1", {"consumed_wh": 500}), ("meter-2", {"consumed_wh": 300, "produced_wh": 400}))
        for name, fields in (*meters, ("mlmd-1", {"consumed_wh": 400, "flags": 0})):
            one = record(window_start_s, temperature_mc=temperature_mc, **fields)
            rows.append((ident(name), 1, 1, *one[2:6], *one[13:17]))
        before = sha256(self._light_blocks[-1]).digest() if self._light_blocks else bytes(32)
        number = len(self._light_blocks) + 1
        content = (number, before, ident("aggregator"), window_start_s, part, 3, bytes(32), 400, tuple(sorted(rows)))
        signed = sign("aggregator", light_block.KIND, light_block.LAYOUT, content)
        self._light_blocks.append(signed)
        return signed

    def live_through(self, interval: int) -> None:
        """Both windows of an interval, light blocks in time."""
        for window in range(2):
            self.now_s = interval * 1800 + (window + 1) * WINDOW_S + 30
            self.submit(self.light_block(interval * 1800 + window * WINDOW_S))
            self.block()
