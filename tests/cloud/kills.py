"""
Random kills (kill -9) of the full node under load, behind a real broker: half of them while it makes a block. What it
published is acknowledged; clients hand in again what is not, and some of what is.

    python -m tests.cloud.kills [KILLS]      prints what was lost (nothing), and how soon it was back
"""

import asyncio
import contextlib
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from chain.status import Status
from link.mqtt import MqttLink
from tests.chain.world import World
from tests.cometbft.nodes import genesis_text
from tests.kills import Outcome, judge
from tests.link.broker import Broker
from wire import block, cbor, cose, message, topics
from wire.interval import interval_of

TOP = Path(__file__).parents[2]
WAITING = 100  # receipts under way
REPEATED = 20  # that stand in a block already and are handed in once more
COMMITTING_S = 0.04  # after a whole second, when blocks are made
PATIENCE_S = 60


class Clients:
    """All of the area's devices on one connection. acknowledged: what was in a published block, applied."""

    def __init__(self, broker: Broker, world: World, chance: random.Random) -> None:
        self.acknowledged: set[bytes] = set()
        self.blocks: dict[int, bytes] = {}
        self.strategies = 0
        self._world, self._chance = world, chance
        self._made = 0
        self._waiting: dict[bytes, None] = dict.fromkeys(world.log)
        self._news = asyncio.Event()
        self.link = MqttLink(broker.address, "clients", [topics.BLOCK, topics.STRATEGY], self._on_message)

    def _on_message(self, topic: str, payload: bytes) -> None:
        self._news.set()
        if topic == topics.STRATEGY:
            self.strategies += 1
            return
        found = message.decode(block.LAYOUT, cose.open_envelope(payload, block.SIZE_MAX).payload, block.SIZE_MAX)
        assert self.blocks.setdefault(found.height, payload) == payload, "two blocks at one height"
        for transaction, status in zip(found.transactions, found.statuses, strict=True):
            if Status(status) is Status.APPLIED:
                self.acknowledged.add(transaction)
                self._waiting.pop(transaction, None)

    def hand_in(self) -> None:
        """Also asks for a block that was made and not heard of, as a light node does: it has some of what waits."""
        missing = next(height for height in itertools.count(1) if height not in self.blocks)
        self.link.publish(topics.FETCH, cbor.encode([missing]))
        while len(self._waiting) < WAITING and len(self.acknowledged) >= len(self._world.log):
            self._made += 1
            self._waiting[self._world.receipt("mlmd", self._made)] = None
        again = self._chance.sample(sorted(self.acknowledged), min(REPEATED, len(self.acknowledged)))
        for transaction in (*self._waiting, *again):
            self.link.publish(topics.SUBMIT, transaction)

    def wake(self) -> None:
        self._news.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Handing in all the while."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 0.25)
                self.hand_in()


def settings(directory: Path, world: World, broker: Broker) -> Path:
    (directory / "genesis.toml").write_text(genesis_text(world.genesis))
    (directory / "cloud.key").write_text(sha256(b"cloud").hexdigest())
    path = directory / "cloud.toml"
    rows = {"genesis": "genesis.toml", "secret_key_file": "cloud.key", "ledger": "ledger.sqlite"}
    text = "".join(f'{name} = "{directory / file}"\n' for name, file in rows.items())
    path.write_text(f'{text}broker = "{broker.address}"\nfeeder_power_w_max = 50000\nlog_file = "{directory}/log"\n')
    return path


async def _play(kills: int, broker: Broker, config: Path, world: World, chance: random.Random) -> tuple[Clients, list]:
    clients = Clients(broker, world, chance)
    carrying = asyncio.create_task(clients.link.run())
    command, back_s = [sys.executable, "-m", "cloud", str(config)], []
    try:
        for _ in range(kills + 1):
            start, told = time.monotonic(), clients.strategies
            process = subprocess.Popen(command, cwd=TOP)
            try:
                await clients.until(lambda: clients.strategies > told)  # noqa: B023
                back_s.append(time.monotonic() - start)
                await _some_time(clients, chance)
            finally:
                process.kill()
                process.wait()
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
    return clients, back_s[1:]


async def _some_time(clients: Clients, chance: random.Random) -> None:
    """Until the moment of the next kill: at any time, or while a block is being made."""
    over_s = time.time() + chance.uniform(0.0, 1.5)
    if chance.random() < 0.5:
        over_s = int(over_s) + 1 + chance.uniform(0.0, COMMITTING_S)
    asyncio.get_running_loop().call_later(over_s - time.time(), clients.wake)
    await clients.until(lambda: time.time() >= over_s)


def play(kills: int, directory: Path, seed: int = 1) -> Outcome:
    """One full node and its ledger in `directory`."""
    chance, world = random.Random(f"kills {seed}"), World(start_interval=interval_of(int(time.time()))).people()
    broker = Broker(directory, "unix")
    broker.start()
    try:
        config = settings(directory, world, broker)
        clients, back_s = asyncio.run(_play(kills, broker, config, world, chance))
    finally:
        broker.remove()
    verdict = judge([directory / "ledger.sqlite"], world.genesis, clients.acknowledged)
    return Outcome(Counter({"cloud": kills}), len(clients.acknowledged), sorted(back_s), verdict)


def main(arguments: list[str]) -> int:
    directory = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        outcome = play(int(arguments[0]) if arguments else 200, directory)
    finally:
        shutil.rmtree(directory)
    print(outcome)
    for fault in outcome.verdict.faults:
        print(fault)
    return 0 if outcome.verdict.is_sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
