"""
The AreaWatch looks at what an M-LMD carries: every meter's records, its own, and the
balance between them. What is wrong becomes a fault.

Only a reading whose signature holds is looked at; of a meter whose key the config does
not name nothing is watched.
"""

import ed25519
from energy_balance import DEFAULTS, EnergyBalance, Settings
from fault import BalanceWatch, MeterWatch

from wire import message, reading
from wire.errors import WireError

_SERVICE_W = 14490  # 63 A at 230 V: no household's service carries more


class AreaWatch:
    # breaker: the junction's own; while it is open the meters' chips are silent, and nothing is wrong with them.
    def __init__(self, config, faults, breaker):
        self._own_id = config.device_id
        self._network_id = config.network_id
        self.keys = {meter.id: meter.public_key for meter in config.meters if meter.public_key}
        self._faults = faults
        self._breaker = breaker
        self._watches = {}  # from the first moment the time is known
        self._balance = BalanceWatch(faults, list(self.keys))
        # Where not all are watched there is nothing to hold the junction against.
        whole = len(self.keys) == len(config.meters) > 0
        self._sums = EnergyBalance(list(self.keys), Settings(_SERVICE_W, *DEFAULTS[1:])) if whole else None
        self.records = {}  # id -> the last Record of each meter, and of the junction

    def hear(self, sender_id, signed, now_s):
        """A signed reading (untrusted bytes) went by. now_s: UTC, or None."""
        if now_s is None or (sender_id not in self.keys and sender_id != self._own_id):
            return
        try:
            record = self._open(sender_id, signed)
        except WireError:
            return  # the aggregator counts what is refused
        if sender_id in self.keys:
            self._watch_of(sender_id, now_s).hear(now_s, record, self._breaker.is_closed)
        known = self.records.get(sender_id)
        if known is None or _end_s(record) > _end_s(known):
            self.records[sender_id] = record
            self._close(now_s)

    def _open(self, sender_id, signed):
        def key_of(signer_id):
            return self.keys.get(signer_id, b"") if signer_id == sender_id else None

        own = sender_id == self._own_id  # signed here, a moment ago
        verify = _trust if own else ed25519.verify
        layout, size_max = reading.LAYOUT, reading.SIZE_MAX
        return message.open_as(reading.KIND, layout, signed, key_of, self._network_id, verify, size_max)[1].records[-1]

    def _watch_of(self, meter_id, now_s):
        if meter_id not in self._watches:
            self._watches[meter_id] = MeterWatch(meter_id, self._faults, _SERVICE_W, now_s)
        return self._watches[meter_id]

    def _close(self, now_s):
        own = self.records.get(self._own_id)
        if self._sums and own and all([self._is_there(meter_id, _end_s(own)) for meter_id in self.keys]):
            self._balance.hear(now_s, self._sums.close(_end_s(own), own, self.records))

    def _is_there(self, meter_id, end_s):
        record = self.records.get(meter_id)
        return record is not None and _end_s(record) == end_s

    def tick(self, now_s):
        """Time passes; at least once a window."""
        for meter_id in self.keys:
            self._watch_of(meter_id, now_s).tick(now_s)


def _trust(_key, _message, _signature):
    return True


def _end_s(record):
    return record.start_s + record.duration_s
