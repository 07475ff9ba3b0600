"""
The LoadSwitch is a relay that all of a load runs through, as on a Sonoff POW-style board: it stands where a
Heater does and knows no temperature. On is its safe state. A hand, its M-LMD and a command may
switch it off, in this order.
"""

import limits as rules
from drivers.relay import Relay
from hold import Hold


def open_switch(config, board, clock, count_switch):
    """The LoadSwitch on `board`."""
    relay = Relay(board.load_relay(), clock.uptime_s)
    return LoadSwitch(relay, config.limits, lambda: count_switch(clock.utc_s()))


class LoadSwitch:
    temperature_mc = 0

    # on_switch(): called when the relay has switched.
    def __init__(self, relay, limits, on_switch):
        self._relay = relay
        self._limits = limits
        self._on_switch = on_switch
        self.hold = Hold()
        self.shed = Hold()  # by the M-LMD

    def is_on(self):
        return self._relay.is_on

    def measure(self):
        """It has no sensor."""

    def _switch(self, on):
        if self._relay.switch(on):
            self._on_switch()

    def _may_switch(self):
        return rules.may_switch(self._relay.is_on, self._relay.held_s(), self._limits)

    def obey(self, value, expires_s, now_s=None):
        """(outcome, reason, value) of a command that holds until expires_s."""
        is_on = self._relay.is_on
        if value not in (0, 1):
            return rules.refused("unknown_action")
        if value and self.shed.value(now_s) is not None:
            return rules.refused("locked_out", int(is_on))
        if bool(value) != is_on and not self._may_switch():
            return rules.refused("minimum_on_time" if is_on else "minimum_off_time", int(is_on))
        self._switch(bool(value))
        self.hold.set(value, expires_s)
        return rules.obeyed(value)

    # Neither a hand nor the M-LMD waits for the minimum time.
    def control(self, now_s, locked_out):
        """Off while locked out or shed, else as it is held, else on. now_s: UTC or None."""
        if locked_out or self.shed.value(now_s) is not None:
            self._switch(False)
            return
        on = self.hold.value(now_s) != 0
        if on != self._relay.is_on and self._may_switch():
            self._switch(on)
