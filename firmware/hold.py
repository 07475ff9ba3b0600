"""A Hold is what a command asked for, for as long as the command lasts. After it comes the safe state."""


class Hold:
    def __init__(self):
        self._value = None
        self.expires_s = None

    def set(self, value, expires_s):
        self._value, self.expires_s = value, expires_s

    def value(self, now_s):
        """What is held at now_s (UTC), or None."""
        if self.expires_s is not None and (now_s is None or now_s >= self.expires_s):
            self._value = self.expires_s = None
        return self._value
