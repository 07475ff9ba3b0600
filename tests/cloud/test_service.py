"""The full node as a process behind a real broker: blocks on submission, and after kill -9 the same chain."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from chain.ed25519 import verify
from link.mqtt import MqttLink
from tests.aggregator.area import NETWORK, signer
from tests.cloud.town import START, Town
from tests.link.broker import Broker
from wire import block, cbor, cose, kind, message, strategy, topics

PATIENCE_S = 30
TOP = Path(__file__).parents[2]
CLOUD = signer("cloud")


@pytest.fixture
def broker(tmp_path) -> Iterator[Broker]:
    server = Broker(tmp_path, "unix")
    server.start()
    yield server
    server.remove()


class Process:
    def __init__(self, directory: Path, broker: Broker) -> None:
        self._config = directory / "cloud.toml"
        (directory / "cloud.key").write_text(sha256(b"cloud").hexdigest())
        genesis = {
            "network_id": NETWORK.hex(),
            "operator_public_key": signer("operator").public_key.hex(),
            "start_interval": START,
        }
        settings = {
            "genesis": str(directory / "genesis.toml"),
            "secret_key_file": str(directory / "cloud.key"),
            "broker": broker.address,
            "ledger": str(directory / "ledger.sqlite"),
            "feeder_power_w_max": 50_000,
            "log_file": str(directory / "cloud.log"),
        }
        for path, table in ((directory / "genesis.toml", genesis), (self._config, settings)):
            path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in table.items()))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "cloud", str(self._config)], cwd=TOP)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """SIGTERM, as a service manager does it."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(PATIENCE_S)


class Listener:
    """Everybody who listens: blocks by height, as published, and strategies."""

    def __init__(self, broker: Broker) -> None:
        self.published: dict[int, set[bytes]] = {}
        self.strategies: list[strategy.Strategy] = []
        self._news = asyncio.Event()
        subscribed = [topics.BLOCK, topics.STRATEGY]
        self.link = MqttLink(broker.address, "listener", subscribed, self._on_message, self._news.set)
        self._task = asyncio.create_task(self.link.run())

    def _on_message(self, topic: str, payload: bytes) -> None:
        number, layout = (block.KIND, block.LAYOUT) if topic == topics.BLOCK else (strategy.KIND, strategy.LAYOUT)
        key_of = {CLOUD.identity: CLOUD.public_key}.get
        _, found = message.open_as(number, layout, payload, key_of, NETWORK, verify, block.SIZE_MAX)
        if topic == topics.BLOCK:
            self.published.setdefault(found.height, set()).add(payload)
        else:
            self.strategies.append(found)
        self._news.set()

    def kinds(self) -> list[int]:
        """Of all transactions in blocks, in order."""
        blocks = [message.decode(block.LAYOUT, cose.open_envelope(next(iter(data))).payload) for data in self.chain()]
        return [cose.open_envelope(transaction).kind for found in blocks for transaction in found.transactions]

    def chain(self) -> list[set[bytes]]:
        return [self.published[height] for height in sorted(self.published)]

    async def until(self, holds: Callable[[], bool], again: Callable[[], object] = lambda: None) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                again()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 1)

    async def leave(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


def test_submissions_stand_in_blocks_and_the_chain_goes_on_after_a_kill(broker, tmp_path):
    town, process = Town(tmp_path / "names"), Process(tmp_path, broker)
    transactions = town.everybody()

    async def story():
        world = Listener(broker)
        await world.until(lambda: world.link.ready)
        process.start()

        def submit() -> None:
            for transaction in (b"rubbish", *transactions):
                world.link.publish(topics.SUBMIT, transaction)

        await world.until(lambda: world.kinds().count(kind.REGISTRATION) >= len(transactions), submit)
        assert world.strategies[0].feeder_power_w_max == 50_000
        process.kill()
        process.start()  # registered now: it brings the ledger's time up to the present
        await world.until(lambda: kind.ADVANCE in world.kinds(), lambda: fetch(world))
        assert kind.PRICE in world.kinds()
        assert process.stop() == 0
        assert all(len(data) == 1 for data in world.chain())  # no height was published with two contents
        previous = bytes(32)
        for (data,) in world.chain():
            found = message.decode(block.LAYOUT, cose.open_envelope(data).payload)
            assert found.previous_hash == previous
            previous = sha256(data).digest()
        await world.leave()

    def fetch(world: Listener) -> None:
        world.link.publish(topics.FETCH, b"rubbish")
        world.link.publish(topics.FETCH, cbor.encode([1]))

    try:
        asyncio.run(story())
    finally:
        process.kill()


def test_wrong_settings_end_it_with_a_sentence(tmp_path):
    path = tmp_path / "cloud.toml"
    path.write_text('broker = "nowhere"\n')
    ended = subprocess.run(
        [sys.executable, "-m", "cloud", str(path)], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "genesis: Field required" in ended.stderr and "Traceback" not in ended.stderr
