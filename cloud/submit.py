"""Submitting one transaction from the command line: hand it to the full node and wait for the block that answers it."""

import asyncio
from hashlib import sha256

from chain.status import Status
from link.group import OPEN, Group
from link.mqtt import MqttLink
from wire import block, cose, message, topics
from wire.errors import WireError

TIMEOUT_S = 15.0
AGAIN_S = 1.0


class Unanswered(Exception):
    """No block had the transaction in time."""


async def submit(broker: str, transaction: bytes, group: Group = OPEN, timeout_s: float = TIMEOUT_S) -> Status:
    """
    What became of a transaction. The block's signature is not checked here: who must be sure verifies the ledger.

    Raises Unanswered; ValueError for what is no broker.
    """
    answer: asyncio.Future[Status] = asyncio.get_running_loop().create_future()

    def on_message(_: str, payload: bytes) -> None:
        status = _answer(payload, transaction)
        if status is not None and not answer.done():
            answer.set_result(status)

    client_id = f"submit-{sha256(transaction).hexdigest()[:16]}"
    link = MqttLink(broker, client_id, [topics.BLOCK], on_message, group=group)
    carrying = asyncio.create_task(_carry(link, transaction))
    try:
        async with asyncio.timeout(timeout_s):
            return await answer
    except TimeoutError as error:
        raise Unanswered(f"no block within {timeout_s:.0f} s: is a full node at {broker}?") from error
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)


async def _carry(link: MqttLink, transaction: bytes) -> None:
    """Again every second: nobody keeps what a full node was not there for, and a transaction counts once."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(link.run())
        while True:
            await asyncio.sleep(AGAIN_S)
            link.publish(topics.SUBMIT, transaction)


def _answer(payload: bytes, transaction: bytes) -> Status | None:
    try:
        found = message.decode(block.LAYOUT, cose.open_envelope(payload, block.SIZE_MAX).payload, block.SIZE_MAX)
    except WireError:
        return None  # not a block: not for us
    if transaction not in found.transactions:
        return None
    return Status(found.statuses[found.transactions.index(transaction)])
