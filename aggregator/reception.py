"""
Reception: parcels of readings in, acknowledgements out. Everything that waits is
verified, stored in one transaction, and only when that is on disk acknowledged.
"""

from collections.abc import Sequence

from wire import acknowledgement, topics
from wire.errors import WireError
from wire.reading import Record

from .acknowledge import acknowledgements
from .intake import Accepted, Taken, accept
from .keys import closes
from .refusal import Refused
from .site import Outgoing, Site


class Reception:
    def __init__(self, site: Site) -> None:
        self._site = site

    def take(self, parcels: Sequence[bytes], now_s: float) -> tuple[list[Taken], list[Outgoing]]:
        """What the parcels (untrusted bytes) came to, stored; and what to tell the devices."""
        results = []
        store = self._site.store
        with store.transaction():
            for parcel in parcels:
                try:
                    taken = accept(parcel, self._site.registry, store.readings, self._site.network_id, int(now_s))
                except (WireError, Refused) as error:
                    self._site.refused[error.name] += 1
                    continue
                store.readings.add(taken, int(now_s * 1000))
                self._close_former(taken)
                self._site.refused.update(taken.refused)
                results.append(taken)
            self._site.write_refused()
        return results, [answer for taken in results for answer in self._answers(taken, int(now_s))]

    def _close_former(self, taken: Taken) -> None:
        """The first reading under a device's next key ends the key before."""
        registry = self._site.registry
        for reading in taken.accepted:
            until_s = closes(reading, registry, self._site.network_id) if registry.former else None
            if until_s is not None:
                registry.former[reading.device_id] = registry.former[reading.device_id]._replace(until_s=until_s)
                self._site.store.keys.close(reading.device_id, until_s)

    def _answers(self, taken: Taken, now_s: int) -> list[Outgoing]:
        topic = topics.of_device(self._site.area_id, taken.carrier_id, "acknowledgement")
        return [
            Outgoing(topic, self._site.seal(acknowledgement.KIND, acknowledgement.LAYOUT, content))
            for content in acknowledgements(taken.acknowledged, now_s)
        ]


def point_of(reading: Accepted, area_id: bytes) -> tuple[str, dict[str, str], dict[str, int], int]:
    """A reading's last record as (measurement, tags, fields, time_s) of the time series."""
    record = Record(*reading.records[-1])
    names = ("consumed_wh", "produced_wh", "charged_wh", "discharged_wh", "voltage_mv", "power_w")
    fields = {name: getattr(record, name) for name in (*names, "temperature_mc", "soc_permille", "relays")}
    tags = {"device": reading.device_id.hex(), "area": area_id.hex()}
    return "reading", tags, fields, record.start_s + record.duration_s
