"""
A Parcel is what goes into the next bundle: readings as their devices signed them. What it
has no room for is not lost, only later: who signed it offers it again.
"""

READINGS_MAX = 16


class Parcel:
    # members: ids of all who deliver into it.
    def __init__(self, members):
        self._members = members
        self._senders = []
        self._readings = []

    def add(self, sender_id, signed):
        """Put a reading (bytes) in. Returns whether there was room."""
        if signed in self._readings:
            return True
        if len(self._readings) >= READINGS_MAX:
            return False
        self._readings.append(signed)
        self._senders.append(sender_id)
        return True

    def is_complete(self):
        """Whether there is nothing to wait for: everybody has delivered, or there is no more room."""
        if len(self._readings) >= READINGS_MAX:
            return True
        return all([member in self._senders for member in self._members])

    def is_empty(self):
        return not self._readings

    def take(self):
        """The readings, which leave the parcel empty."""
        readings = self._readings
        self._readings, self._senders = [], []
        return readings
