"""
The Monitor reads along at the tap: what the live view shows, and at SPEED=1 how long a
decision takes from its block to the verified receipt of the device that acted.
"""

import time
from collections.abc import Callable
from typing import Any

from hil.identity import verify
from hil.mqtt_packets import Publish
from hil.provision import Network
from hil.submission import APPLIED
from wire import block, command, cose, kind, light_block, message, price, receipt, rotation, topics
from wire.errors import WireError


def _payload(layout: Any, data: bytes) -> Any:
    return message.decode(layout, cose.open_envelope(data).payload)


class Monitor:
    def __init__(self, network: Network):
        self.height = 0
        self.prices: tuple[int, ...] = ()
        self.readings_verified = 0
        self.commands_issued = 0
        self.commands_obeyed = 0
        self.latency_ms: list[float] = []
        self.on_transaction: Callable[[bytes, int], None] = lambda transaction, status: None
        self._network_id = network.network_id
        self._keys = {device.id: device.public_key for device in network.devices.values()}
        self._decided: dict[int, float] = {}  # decision_id -> wall time its block was published
        self._commands: set[tuple[bytes, int]] = set()
        self._receipts: set[tuple[bytes, int]] = set()

    def published(self, client: str, sent: Publish) -> None:
        """A client's message, on its way to the broker."""
        if client == "bench":
            return
        if sent.topic == topics.BLOCK:
            self._block(_payload(block.LAYOUT, sent.payload))
        elif sent.topic.endswith("/command") and cose.open_envelope(sent.payload).kind == kind.COMMAND:
            signed = _payload(command.LAYOUT, sent.payload)
            self._commands.add((signed.device_id, signed.sequence))
            self.commands_issued = len(self._commands)

    def delivered(self, client: str, sent: Publish) -> None:
        """A message that the broker delivers to a client."""
        if client != "aggregator" or not sent.topic.endswith("/receipt"):
            return
        try:
            envelope, answer = message.open_as(
                kind.RECEIPT, receipt.LAYOUT, sent.payload, self._keys.get, self._network_id, verify, receipt.SIZE_MAX
            )
        except WireError:
            return  # a forged one, which the aggregator counts
        key = envelope.signer_id, answer.command_sequence
        if answer.outcome == receipt.OBEYED and key not in self._receipts:
            self._receipts.add(key)
            self.commands_obeyed = len(self._receipts)
            decided = self._decided.get(answer.decision_id)
            if decided is not None:
                self.latency_ms.append((time.perf_counter() - decided) * 1000)

    def _block(self, new: Any) -> None:
        if new.height <= self.height:
            return  # sent again to a light node that asked
        self.height = new.height
        now = time.perf_counter()
        self._decided.update((decision.decision_id, now) for decision in new.decisions)
        for transaction, status in zip(new.transactions, new.statuses, strict=True):
            self.on_transaction(transaction, status)
            if status == APPLIED:
                self._transaction(transaction)

    def _transaction(self, transaction: bytes) -> None:
        envelope = cose.open_envelope(transaction)
        if envelope.kind == kind.LIGHT_BLOCK:
            self.readings_verified += message.decode(light_block.LAYOUT, envelope.payload).reading_count
        elif envelope.kind == kind.ROTATION:
            changed = message.decode(rotation.LAYOUT, envelope.payload)
            self._keys[changed.subject_id] = changed.public_key
        elif envelope.kind == kind.PRICE:
            self.prices = tuple(message.decode(price.LAYOUT, envelope.payload).price_micro_per_kwh)
