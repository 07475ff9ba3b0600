"""A ledger on disk whose first intervals have left the state, with headers as a full node signs them."""

from hashlib import sha256
from pathlib import Path

from chain.embedded import EmbeddedLedger
from phone.ed25519 import verify
from phone.header import HeaderChain
from tests.chain.some_days import play
from tests.chain.world import NETWORK, World
from wire import header, kind

INTERVALS = 104  # 8 more than have to stay


def history() -> World:
    return play(intervals=INTERVALS, history_intervals=96)


def write(world: World, path: Path, transactions: list[bytes] | None = None) -> list[bytes]:
    """A block for each transaction of the log; the headers."""
    ledger, headers = EmbeddedLedger.open(path, world.genesis), []
    log = world.log if transactions is None else transactions
    for transaction in log:
        block = ledger.commit([transaction])
        previous = sha256(headers[-1]).digest() if headers else bytes(32)
        content = header.header_of(block, previous)
        headers.append(world.sign("cloud", kind.HEADER, header.LAYOUT, content))
        ledger.store_header(block.height, headers[-1])
    ledger.close()
    return headers


def trusting(world: World) -> HeaderChain:
    cloud = world.key("cloud")
    return HeaderChain({cloud.id: cloud.public}, NETWORK, verify)
