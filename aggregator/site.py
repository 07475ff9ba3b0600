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
    """area_id: the aggregator's own id. refused: counted since the last write of the counters."""

    def __init__(
        self,
        network_id: bytes,
        signer: Signer,
        operator_key: tuple[bytes, bytes],
        cloud_key: tuple[bytes, bytes],
        store: Store,
        series: TimeSeries,
    ) -> None:
        self.network_id = network_id
        self.signer = signer
        self.area_id = signer.identity
        self.operator_id, self.operator_key = operator_key
        self.cloud_id, self.cloud_key = cloud_key
        self.store = store
        self.series = series
        self.registry = Registry(self.area_id, store.area.devices(), store.keys.former(), store.keys.revoked())
        self.refused: Counter[str] = Counter()

    def seal(self, kind: int, layout: Layout, content: Sequence[Any]) -> bytes:
        """`content` signed by this aggregator."""
        return message.seal(kind, layout, content, self.area_id, self.network_id, self.signer.sign)

    def write_refused(self) -> None:
        """Inside a transaction."""
        self.store.count_refused(self.refused)
        self.refused.clear()
