"""A Relay on a pin, and for how long it has been as it is: minimum times need that."""


class Relay:
    # uptime_s(): seconds since start; the relay counts as switched when it is made.
    def __init__(self, pin, uptime_s):
        self._pin = pin
        self._uptime_s = uptime_s
        self._since_s = uptime_s()
        self.is_on = bool(pin.value())

    def held_s(self):
        """For how many seconds it has been as it is."""
        return self._uptime_s() - self._since_s

    def switch(self, on):
        """Returns whether this changed anything."""
        if on == self.is_on:
            return False
        self._pin.value(1 if on else 0)
        self.is_on = on
        self._since_s = self._uptime_s()
        return True
