"""
LocalOrders are what a meter takes from its own M-LMD: to keep its deferrable load off, or its
battery from charging, for some minutes. Only these two, so that an M-LMD can take load away
when the feeder or the frequency needs it, and can do nothing else.
"""

from wire import command
from wire.errors import WireError

LASTS_S_MAX = 900
_SKEW_S = 5
_ALLOWED = ((command.RELAY, 0), (command.BATTERY_POWER, 0))


class LocalOrders:
    # An order from before this boot is refused by its age: no number is kept on the flash for it.
    def __init__(self, identity, mlmd_id):
        self._identity = identity
        self._mlmd_id = mlmd_id
        self._last = 0

    def take(self, data, now_s):
        """The order in `data` (untrusted bytes), or None when it is not one to act on. now_s: UTC, or None."""
        layout, size_max = command.LAYOUT, command.SIZE_MAX
        try:
            order = self._identity.open(self._mlmd_id, command.KIND, layout, data, size_max)
        except WireError:
            return None
        if order.device_id != self._identity.device_id or now_s is None or order.sequence <= self._last:
            return None
        if not order.not_before_s - _SKEW_S <= now_s < order.expires_s <= now_s + LASTS_S_MAX:
            return None
        if (order.action, order.value) not in _ALLOWED:
            return None
        self._last = order.sequence
        return order
