"""
The Heater is a water tank behind a relay: the deferrable load of a household. It obeys
within its limits and looks after itself otherwise.
"""

import limits as rules
import thermostat
from drivers import tank
from hold import Hold


class Heater:
    # on_switch(): called when the relay has switched.
    def __init__(self, relay, sensor, limits, on_switch):
        self._relay = relay
        self._sensor = sensor
        self._limits = limits
        self._on_switch = on_switch
        self.hold = Hold()
        self.shed = Hold()  # by the M-LMD: above every command, below comfort
        self.temperature_mc = None

    def is_on(self):
        return self._relay.is_on

    def measure(self):
        self.temperature_mc = tank.read(self._sensor)

    def _switch(self, on):
        if self._relay.switch(on):
            self._on_switch()

    def obey(self, value, expires_s, now_s=None):
        """(outcome, reason, value) of a command that holds until expires_s."""
        self.measure()
        relay = self._relay
        if value and self.shed.value(now_s) is not None:
            return rules.refused("locked_out", int(relay.is_on))
        answer = rules.relay(value, relay.is_on, relay.held_s(), self.temperature_mc, self._limits)
        if answer[0] == rules.OBEYED:
            self._switch(bool(value))
            self.hold.set(value, expires_s)
        return answer

    # A lock-out and a broken sensor do not wait for the minimum time.
    def control(self, now_s, locked_out):
        """Keep to the limits, whatever is held. now_s: UTC or None."""
        relay, held = self._relay, self.hold.value(now_s)
        if locked_out or self.temperature_mc is None:
            self._switch(False)
            return
        if self.shed.value(now_s) is not None:
            on = self.temperature_mc < self._limits.temperature_mc_min
            if not on or rules.may_switch(relay.is_on, relay.held_s(), self._limits):
                self._switch(on)
            return
        on = thermostat.wants(self.temperature_mc, relay.is_on, held, self._limits)
        if on != relay.is_on and rules.may_switch(relay.is_on, relay.held_s(), self._limits):
            self._switch(on)
