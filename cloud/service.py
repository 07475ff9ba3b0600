"""
The full node's sockets, clock and tasks. It has no rules of its own.

One task makes all blocks, so no two of them race: at the next whole second after the
first submission, and at the opening of every market interval. Both take only what
arrived before their instant.
"""

import asyncio
from collections.abc import Iterable
from math import floor

from chain.cometbft.errors import Away
from chain.genesis import Genesis
from link.group import load_group
from link.journal import Journal
from link.keys import load_signer
from link.mqtt import MqttLink
from link.timer import Clock, next_after, sleep_until
from link.timeseries import TimeSeries
from wire import area_block, topics
from wire.errors import WireError
from wire.interval import INTERVAL_S, interval_of

from .engine import open_ledger
from .feeder import Feeder, read_area_load
from .node import FullNode, Outgoing
from .settings import CloudSettings

STRATEGY_S = 3600
STRATEGY_OFFSET_S = 5
AGAIN_S = 5  # after an opening that the validators were away for


class Service:
    def __init__(self, settings: CloudSettings, clock: Clock, journal: Journal) -> None:
        self._settings = settings
        self._clock = clock
        self._journal = journal
        self._genesis = Genesis.load(settings.genesis)
        signer = load_signer(settings.secret_key_file)
        self._ledger = open_ledger(settings, self._genesis)
        self._series = TimeSeries(
            settings.influx_url, settings.influx_token, settings.influx_org, settings.influx_bucket
        )
        self._node = FullNode(self._ledger, self._genesis, signer, self._series)
        self._feeder = Feeder()
        self._submitted = asyncio.Event()
        self._is_opened = True  # the interval that the clock says is open, on the ledger
        self._link = MqttLink(
            settings.broker,
            f"cloud-{signer.identity.hex()}",
            [topics.SUBMIT, topics.FETCH, area_block.FETCH_TOPIC, topics.ASK, topics.of_area_load(None)],
            self._on_message,
            self._on_ready,
            load_group(topics.LEDGER, settings.group_key_file),
            settings.tls,
            lambda trouble: journal.warning("no_broker", trouble=trouble),
        )

    async def run(self) -> None:
        """Until cancelled, or until something of ours is wrong: then it raises."""
        self._journal.info("started", height=self._ledger.height, interval=self._ledger.interval)
        try:
            async with asyncio.TaskGroup() as tasks:
                for task in (self._link.run(), self._make_blocks(), self._send_strategy()):
                    tasks.create_task(task)
        finally:
            self._journal.info("stopped", height=self._ledger.height, **self._counts())
            self._ledger.close()
            self._series.close()

    def _counts(self) -> dict[str, dict[str, int]]:
        dropped = {**self._node.mempool.counts, "not_sealed": self._link.counts["not_sealed"]}
        return {
            "dropped": {name: count for name, count in dropped.items() if count},
            "refused": dict(self._node.refused),
        }

    def _send(self, messages: Iterable[Outgoing]) -> None:
        for outgoing in messages:
            self._link.publish(outgoing.topic, outgoing.payload)

    def _publish(self, blocks: list[Outgoing]) -> None:
        """Blocks, and the last one's header, which the broker keeps for whoever asks later."""
        self._send(blocks)
        self._send(self._node.parts())
        for latest in self._node.header() if blocks else ():
            self._link.publish(latest.topic, latest.payload, retain=True)

    def _on_ready(self) -> None:
        self._journal.info("connected", connects=self._link.counts["connects"], dropped=self._link.counts["dropped"])
        self._send([self._strategy()])

    def _strategy(self) -> Outgoing:
        return self._node.strategy(int(self._clock()), self._settings.report_s, self._settings.feeder_power_w_max)

    def _on_message(self, topic: str, payload: bytes) -> None:
        try:
            if topic == topics.SUBMIT:
                if self._node.mempool.put(payload, int(self._clock() * 1000)):
                    self._submitted.set()
            elif topic == topics.FETCH:
                self._send(self._node.answer_fetch(payload))
            elif topic == area_block.FETCH_TOPIC:
                self._send(self._node.answer_area_fetch(payload))
            elif topic == topics.ASK:
                self._send(self._node.answer_ask(payload))
            else:
                self._note_area_load(payload)
        except WireError as error:
            self._node.mempool.counts[error.name] += 1

    def _note_area_load(self, payload: bytes) -> None:
        """Raises WireError."""
        report = read_area_load(payload, self._ledger.state, self._genesis.network_id)
        if self._feeder.note(report):
            fields = {**self._feeder.totals(), "power_w_max": self._settings.feeder_power_w_max}
            self._series.write("feeder_load", {}, fields, report.measured_s)

    async def _make_blocks(self) -> None:
        """First what an outage left undone, then for ever."""
        self._open_interval()
        while True:
            opening_s = self._next_opening_s()
            if await self._is_submitted_before(opening_s):
                block_s = floor(self._clock()) + 1
                if block_s < opening_s:
                    await sleep_until(block_s, self._clock)
                    self._make_block()
                    continue
            await sleep_until(opening_s, self._clock)
            self._open_interval()

    def _next_opening_s(self) -> int:
        if self._is_opened:
            return next_after(self._clock(), INTERVAL_S, self._settings.price_delay_s)
        return floor(self._clock()) + AGAIN_S

    async def _is_submitted_before(self, utc_s: int) -> bool:
        try:
            async with asyncio.timeout(max(0.0, utc_s - self._clock())):
                await self._submitted.wait()
        except TimeoutError:
            return False
        return True

    def _make_block(self) -> None:
        try:
            self._publish(self._node.make_block(self._clock()))
        except Away as error:
            self._journal.warning("validators_away", reason=str(error))
        self._rest()

    def _open_interval(self) -> None:
        """The market interval that the clock says is open, once its price is due."""
        now_s = self._clock()
        interval = interval_of(int(now_s) - self._settings.price_delay_s)
        try:
            self._publish(self._node.open_interval(interval, now_s))
            self._is_opened = True
        except Away as error:
            self._is_opened = False
            self._journal.warning("validators_away", reason=str(error))
        self._rest()
        self._journal.info("interval", interval=interval, height=self._ledger.height, **self._counts())

    def _rest(self) -> None:
        """What arrived in this very instant waits for the next block."""
        if not len(self._node.mempool):
            self._submitted.clear()

    async def _send_strategy(self) -> None:
        while True:
            await sleep_until(next_after(self._clock(), STRATEGY_S, STRATEGY_OFFSET_S), self._clock)
            self._send([self._strategy()])
