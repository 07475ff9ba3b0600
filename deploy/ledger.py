"""
The operator's line to the ledger, over a broker: which nonce is next, and what became of a
transaction. Nothing here is believed: a wrong answer makes the ledger refuse what is signed
on it, and who must be sure verifies the ledger.
"""

import os
import queue
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from deploy.errors import ProvisionError
from wire import block, cbor, cose, kind, message, proof, rotation, topics
from wire.errors import WireError

PATIENCE_S = 15.0
AGAIN_S = 1.0  # nobody keeps what a full node was not there for
NONCES = 3  # the state's table of them; its number is for ever
APPLIED = 0


def next_nonce_in(ledger: Path, signer_id: bytes) -> int:
    """By a ledger's file. Raises ProvisionError."""
    if not ledger.is_file():
        raise ProvisionError(f"{ledger}: no such ledger")
    try:
        file = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
        rows = file.execute("SELECT value FROM state WHERE number = ? AND key = ?", (NONCES, signer_id)).fetchall()
        file.close()
    except sqlite3.Error as error:
        raise ProvisionError(f"{ledger}: {error}") from error
    return _number(rows[0][0]) + 1 if rows else 1


def _number(row: bytes) -> int:
    return cbor.decode(row, 64)[0]


class LedgerLine:
    """Opened by `connect`."""

    def __init__(self, client: paho.Client, broker: str) -> None:
        self._client, self._broker = client, broker
        self._asker_id = os.urandom(8)
        self._heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._ready: queue.Queue[bool] = queue.Queue()
        client.on_connect = self._subscribe
        client.on_subscribe = lambda *_: self._ready.put(True)
        client.on_message = lambda _client, _, said: self._heard.put((said.topic, bytes(said.payload)))

    def _subscribe(self, client: paho.Client, *_: Any) -> None:
        client.subscribe([(topics.BLOCK, 1), (topics.of_proof(self._asker_id), 1)])

    def wait_until_ready(self) -> None:
        """Raises ProvisionError."""
        try:
            self._ready.get(timeout=PATIENCE_S)
        except queue.Empty as error:
            raise ProvisionError(f"the broker {self._broker} lets nobody listen") from error

    def next_nonce(self, signer_id: bytes) -> int:
        """Raises ProvisionError when no full node answers."""
        question = message.encode(proof.ASK_LAYOUT, proof.Ask(self._asker_id, NONCES, signer_id))
        told = self._until(topics.ASK, question, _row)
        return _number(told) + 1 if told else 1

    def hand_in(self, transaction: bytes) -> None:
        """A transaction, until a block has it. Raises ProvisionError when the ledger refuses it, or nobody answers."""
        status = self._until(topics.SUBMIT, transaction, lambda topic, payload: _status(topic, payload, transaction))
        if status != APPLIED:
            raise ProvisionError(f"the ledger refused it: status {status} (chain/status.py)")

    def order(self, topic: str, order: bytes, device_id: bytes) -> bytes:
        """An order to change a key, until the ledger has the new one: returns it. Raises ProvisionError."""
        return self._until(topic, order, lambda where, payload: _rotated(where, payload, device_id), 4 * PATIENCE_S)

    def _until(
        self, topic: str, payload: bytes, answer: Callable[[str, bytes], Any], patience_s: float = PATIENCE_S
    ) -> Any:
        """What `answer` makes of the first message that is one."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            self._client.publish(topic, payload, qos=1)
            again = time.monotonic() + AGAIN_S
            while (left_s := again - time.monotonic()) > 0:
                try:
                    found = answer(*self._heard.get(timeout=left_s))
                except queue.Empty:
                    break
                if found is not None:
                    return found
        raise ProvisionError(f"no answer in {patience_s:.0f} s: is a full node at {self._broker}?")


@contextmanager
def connect(broker: str) -> Iterator[LedgerLine]:
    """broker: host:port. Raises ProvisionError."""
    host, _, port = broker.rpartition(":")
    client = paho.Client(CallbackAPIVersion.VERSION2, f"gridtide-operator-{os.urandom(4).hex()}")
    line = LedgerLine(client, broker)
    try:
        client.connect(host, int(port))
    except (OSError, ValueError) as error:
        raise ProvisionError(f"the broker {broker} did not answer: {error}") from error
    client.loop_start()
    try:
        line.wait_until_ready()
        yield line
    finally:
        client.disconnect()
        client.loop_stop()


def _row(topic: str, payload: bytes) -> bytes | None:
    """The value that a proof on our topic shows; empty where it shows that there is none."""
    if topic == topics.BLOCK:
        return None
    try:
        state = message.decode(proof.LAYOUT, payload, proof.SIZE_MAX).state
    except WireError:
        return None
    return (state[0].value if state[0].end == proof.ROW else b"") if state else None


def _block(topic: str, payload: bytes) -> Any:
    if topic != topics.BLOCK:
        return None
    try:
        return message.decode(block.LAYOUT, cose.open_envelope(payload, block.SIZE_MAX).payload, block.SIZE_MAX)
    except WireError:
        return None


def _status(topic: str, payload: bytes, transaction: bytes) -> int | None:
    found = _block(topic, payload)
    if found is None or transaction not in found.transactions:
        return None
    return found.statuses[found.transactions.index(transaction)]


def _rotated(topic: str, payload: bytes, device_id: bytes) -> bytes | None:
    """The key that a block gives this device."""
    found = _block(topic, payload)
    for transaction, status in zip(found.transactions, found.statuses, strict=True) if found else ():
        envelope = cose.open_envelope(transaction)
        if envelope.kind == kind.ROTATION and status == APPLIED:
            changed = message.decode(rotation.LAYOUT, envelope.payload)
            if changed.subject_id == device_id:
                return changed.public_key
    return None
