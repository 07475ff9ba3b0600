"""
The Site is where this aggregator stands: its own key, whom it trusts, its store and what
it has learned of its area. The parts of the service share it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from link.keys import Signer
from link.timeseries import TimeSeries
from wire import message
from wire.schema import Layout

from .registry import Registry
from .store import Store


class Outgoing(NamedTuple):
    """One MQTT message to send once what it says is on disk."""

    topic: str
    payload: bytes


class Site:
    """
    area_id: whose aggregator this is; the id of the area's first one, and so its own where it took over from nobody.
    refused: counted since the last write of the counters.
    """

    def __init__(
        self,
        network_id: bytes,
        signer: Signer,
        operator_key: tuple[bytes, bytes],
        cloud_key: tuple[bytes, bytes],
        store: Store,
        series: TimeSeries,
        area_id: bytes = b"",
    ) -> None:
        self.network_id = network_id
        self.signer = signer
        self.area_id = area_id or signer.identity
        self.operator_id, self.operator_key = operator_key
        self.cloud_id, self.cloud_key = cloud_key
        self.store = store
        self.series = series
        self.registry = Registry(self.area_id, store.area.devices(), store.keys.former(), store.keys.revoked())
        self.refused: Counter[str] = Counter()

    def seal(self, kind: int, layout: Layout, content: Sequence[Any]) -> bytes:
        """`content` for devices, signed as the aggregator of their area."""
        return message.seal(kind, layout, content, self.area_id, self.network_id, self.signer.sign)

    def seal_for_ledger(self, kind: int, layout: Layout, content: Sequence[Any]) -> bytes:
        """`content` for the ledger and the cloud, signed under this aggregator's own id."""
        return message.seal(kind, layout, content, self.signer.identity, self.network_id, self.signer.sign)

    def write_refused(self) -> None:
        """Inside a transaction."""
        self.store.count_refused(self.refused)
        self.refused.clear()
