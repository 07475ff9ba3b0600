"""
The full node: takes submissions, makes blocks, signs and publishes them, and opens each
market interval. It has no sockets and no clock; the service gives it both.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from chain import query
from chain.cometbft.errors import Away
from chain.embedded import CommittedBlock, EmbeddedLedger
from chain.genesis import Genesis
from chain.status import Status
from link.keys import Signer
from link.timeseries import TimeSeries
from wire import area_block, block, cbor, double_vote, message, proof, strategy, topics
from wire.energy_type import NAMES
from wire.errors import WireError
from wire.interval import start_of
from wire.registration import AGGREGATOR

from .areas import Parts, areas
from .demand import market_step, supply_and_demand
from .headers import Headers
from .key import Draft, sign_all
from .mempool import Mempool

FETCH_MAX = 64  # blocks sent for one question


class Outgoing(NamedTuple):
    """One MQTT message."""

    topic: str
    payload: bytes


class FullNode:
    """The ledger's one writer. refused: transactions the ledger refused since the start, by status."""

    def __init__(self, ledger: EmbeddedLedger, genesis: Genesis, signer: Signer, series: TimeSeries) -> None:
        self.ledger = ledger
        self._genesis = genesis
        self._signer = signer
        self._series = series
        self.mempool = Mempool()
        self.refused: Counter[str] = Counter()
        self._parts: list[Parts] = []
        self._head_hash = self._sign_missing()
        self._headers = Headers(ledger, genesis, signer)

    def _sign_missing(self) -> bytes:
        """The hash of the last block as signed. A crash may have come between a commit and its signature."""
        head_hash = bytes(32)
        height = self.ledger.height
        while height and self.ledger.signed(height) is None:
            height -= 1
        if height:
            signed = self.ledger.signed(height)
            assert signed is not None
            head_hash = sha256(signed).digest()
        for missing in range(height + 1, self.ledger.height + 1):
            committed = self.ledger.block(missing)
            assert committed is not None
            head_hash = sha256(self._sign(committed, head_hash)).digest()
        return head_hash

    def _sign(self, committed: CommittedBlock, previous_hash: bytes) -> bytes:
        content = block.Block(
            committed.height,
            committed.interval,
            previous_hash,
            committed.transactions_root,
            committed.app_hash,
            committed.transactions,
            tuple(int(status) for status in committed.statuses),
            committed.decisions,
        )
        signed = message.seal(
            block.KIND,
            block.LAYOUT,
            content,
            self._signer.identity,
            self._genesis.network_id,
            self._signer.sign,
        )
        self.ledger.store_signed(committed.height, signed)
        return signed

    def commit(self, transactions: Sequence[bytes], now_s: int) -> list[Outgoing]:
        """
        The next block over these transactions (more of them when validators make the blocks), durable and signed; to
        be published. Raises Away when the validators are away.
        """
        blocks = self.ledger.submit(transactions)
        self.refused.update(status.name for status in self.ledger.refused.values())
        return [self._publish(block, now_s) for block in blocks]

    def _publish(self, committed: CommittedBlock, now_s: int) -> Outgoing:
        signed = self._sign(committed, self._head_hash)
        self._head_hash = sha256(signed).digest()
        self._parts.append(Parts(self.ledger.state, committed, self._headers.sign(committed)))
        for transaction, status in zip(committed.transactions, committed.statuses, strict=True):
            if status is Status.APPLIED:
                self.mempool.applied(transaction)
            else:
                self.refused[status.name] += 1
        fields = {"height": committed.height, "transactions": len(committed.transactions)}
        self._series.write("ledger", {}, fields, now_s)
        return Outgoing(topics.BLOCK, signed)

    def make_block(self, now_s: float) -> list[Outgoing]:
        """A block of what was submitted before this instant, if there is any."""
        transactions = self.mempool.take(int(now_s * 1000))
        if not transactions:
            return []
        try:
            return self.commit(transactions, int(now_s))
        except Away:
            self.mempool.give_back(transactions)
            raise

    def is_registered(self) -> bool:
        """Whether the operator has put this key on the ledger: until then it takes nothing from us."""
        return query.subject(self.ledger.state, self._signer.identity) is not None

    def open_interval(self, interval: int, now_s: float) -> list[Outgoing]:
        """
        The market's step: what was submitted goes first, so that settlement and prices see it; then one block
        with Advance, the settlements and the prices.
        """
        blocks = self.make_block(now_s)
        blocks += [self._publish(block, int(now_s)) for block in self.ledger.catch_up()]
        if not self.is_registered():
            return blocks
        drafts = market_step(self.ledger.state, interval)
        if drafts:
            last_nonce = query.nonce(self.ledger.state, self._signer.identity)
            transactions = sign_all(drafts, last_nonce, self._signer, self._genesis.network_id)
            blocks += self.commit(transactions, int(now_s))
            self._write_market(interval)
        return blocks + self._accuse(now_s)

    def _accuse(self, now_s: float) -> list[Outgoing]:
        """Validators that voted twice are proved to the ledger: it takes their power. What fails waits an interval."""
        try:
            drafts = [Draft(double_vote.KIND, double_vote.LAYOUT, tuple(votes)) for votes in self.ledger.offences()]
            last_nonce = query.nonce(self.ledger.state, self._signer.identity)
            accusations = sign_all(drafts, last_nonce, self._signer, self._genesis.network_id)
            return self.commit(accusations, int(now_s)) if accusations else []
        except Away:
            return []

    def _write_market(self, interval: int) -> None:
        """The interval's prices, and the load they go by, for the eye."""
        posted = query.posted(self.ledger.state, interval)
        if posted is not None:
            for name, price in zip(NAMES, posted.price_micro_per_kwh, strict=True):
                self._series.write("price", {"type": name}, {"price_micro_per_kwh": price}, start_of(interval))
        market = supply_and_demand(self.ledger.state)
        if market is not None:
            fields = {"demand_wh": market.demand_wh, "net_import_wh": market.net_import_wh}
            self._series.write("feeder_energy", {}, fields, start_of(interval))

    def answer_fetch(self, question: bytes) -> list[Outgoing]:
        """
        The blocks from the asked height on, some at a time; the last block when there is no later one, so that
        the asker knows. question: untrusted bytes. Raises WireError.
        """
        asked = cbor.decode(question, 64, 2)
        if not isinstance(asked, list) or len(asked) != 1 or not isinstance(asked[0], int) or asked[0] < 1:
            raise WireError("wrong_type", "fetch")
        found = [self.ledger.signed(height) for height in self._heights(asked[0])]
        return [Outgoing(topics.BLOCK, signed) for signed in found if signed is not None]

    def parts(self) -> list[Outgoing]:
        """What of the blocks made since the last time concerns which area: for the light nodes."""
        areas_now, parts = areas(self.ledger.state), self._parts
        self._parts = []
        return [
            Outgoing(area_block.topic_of(area_id), part.of_area(area_id)) for part in parts for area_id in areas_now
        ]

    def answer_area_fetch(self, question: bytes) -> list[Outgoing]:
        """The same for the light node of an area: its part of those blocks. Raises WireError."""
        asked = message.decode(area_block.FETCH_LAYOUT, question, area_block.FETCH_SIZE_MAX)
        subject = query.subject(self.ledger.state, asked.area_id)
        if subject is None or subject.role != AGGREGATOR:
            return []
        topic, sent = area_block.topic_of(asked.area_id), []
        for height in self._heights(asked.from_height):
            committed, signed_header = self.ledger.block(height), self.ledger.header(height)
            if committed is not None and signed_header is not None:
                part = Parts(self.ledger.state, committed, signed_header).of_area(asked.area_id)
                sent.append(Outgoing(topic, part))
        return sent

    def _heights(self, asked: int) -> range:
        first = max(1, min(asked, self.ledger.height))
        return range(first, min(first + FETCH_MAX, self.ledger.height + 1))

    def header(self) -> list[Outgoing]:
        """The latest header, for whoever follows no blocks; it is kept by the broker."""
        return [Outgoing(topics.HEADER, self._headers.latest)] if self._headers.latest else []

    def answer_ask(self, question: bytes) -> list[Outgoing]:
        """The proof of a row, with the header it holds against. question: untrusted bytes. Raises WireError."""
        asked = message.decode(proof.ASK_LAYOUT, question, proof.ASK_SIZE_MAX)
        if not self.ledger.height or asked.table >= len(self.ledger.state.tables):
            return []
        return [Outgoing(topics.of_proof(asked.asker_id), self.ledger.prove(asked.table, asked.key))]

    def strategy(self, now_s: int, report_s: int, feeder_power_w_max: int) -> Outgoing:
        """What aggregators are to do until the next one."""
        content = strategy.Strategy(now_s, report_s, feeder_power_w_max)
        signed = message.seal(
            strategy.KIND,
            strategy.LAYOUT,
            content,
            self._signer.identity,
            self._genesis.network_id,
            self._signer.sign,
        )
        return Outgoing(topics.STRATEGY, signed)
