"""
Receipts that may not have reached the aggregator's disk: nobody acknowledges a receipt, and a
broker's word is no disk's. So each is kept for an hour, in memory, and said again when
the link comes back or its command does. The ledger takes each one once.
"""

_KEPT_S = 3600


class Receipts:
    def __init__(self, count_max):
        self._count_max = count_max
        self._kept = []  # [made_s, device_id, command's digest or None, signed receipt]

    def keep(self, signed, device_id, made_s, digest=None):
        """Keep a receipt (bytes). digest: of the command it answers, where this device made it."""
        self._kept = [one for one in self._kept if one[0] > made_s - _KEPT_S and one[3] != signed]
        self._kept = self._kept[-self._count_max + 1 :]
        self._kept.append((made_s, device_id, digest, signed))

    def answering(self, digest):
        """The receipt of the command with this digest, or None."""
        for _, _, known, signed in self._kept:
            if known == digest:
                return signed
        return None

    def young(self, now_s):
        """[(device_id, receipt)] of the last hour, oldest first."""
        return [(one[1], one[3]) for one in self._kept if one[0] > now_s - _KEPT_S]

    def take(self, now_s):
        """The same, and they are kept no longer."""
        young, self._kept = self.young(now_s), []
        return young
