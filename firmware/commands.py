"""
Commands are judged here before anything moves: is it the aggregator's, of this network,
for this device, newer than every one before, and in its time?
"""

from hashlib import sha256

from wire import command
from wire.errors import WireError

_SKEW_S = 5  # by how much this device's clock may be behind the aggregator's

# Where a command ends up: the counter of that name, and whether a receipt answers it.
FORGED = "commands_forged"
FOREIGN = "commands_foreign"
REPLAYED = "commands_replayed"
EXPIRED = "commands_expired"
REFUSED = "commands_refused"
FRESH = "fresh"


class Verdict:
    def __init__(self, finding, data, order=None, reason="none"):
        self.finding = finding
        self.command = order  # the Command, when it is the aggregator's
        self.digest = sha256(data).digest()[:8]
        self.reason = reason


# One of seven things came:
# 1 bytes that are no command, or that the aggregator did not sign for this network: no answer
# 2 a command for another device: no answer
# 3 one that was taken before, or an older one: not acted on, whatever it says
# 4 one whose time is over
# 5 one that comes before this device knows the time
# 6 one whose time has not come
# 7 one to act on, as far as the device's limits allow
def judge(data, device_id, last_sequence, now_s, open_command):
    """
    The Verdict on `data` (untrusted bytes). Nothing is remembered here: the caller keeps the
    sequence of cases 4 to 7 before it does anything.

    open_command(kind, layout, data, size_max) -> message, verified; raises WireError.
    now_s: UTC, or None before the clock was set.
    """
    try:
        order = open_command(command.KIND, command.LAYOUT, data, command.SIZE_MAX)
    except WireError:
        return Verdict(FORGED, data)  # Case 1
    if order.device_id != device_id:
        return Verdict(FOREIGN, data, order)
    if order.sequence <= last_sequence:
        return Verdict(REPLAYED, data, order)
    if now_s is None:
        return Verdict(REFUSED, data, order, "no_time")  # Case 5
    if now_s >= order.expires_s:
        return Verdict(EXPIRED, data, order, "expired")
    if now_s < order.not_before_s - _SKEW_S:
        return Verdict(REFUSED, data, order, "not_yet_valid")
    return Verdict(FRESH, data, order)
