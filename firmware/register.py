"""
A Register is a monotonic total kept from a chip's counter, in Wh. The counter may wrap
around, be reset, or belong to a new chip; the total only grows, and never by more than
can have flowed.
"""

# No household branch carries more than this: a larger step of a counter is another counter.
_POWER_W_MAX = 30000
_SLACK_WH = 20


class Register:
    def __init__(self, total_wh=0, count_wh=None):
        self.total_wh = total_wh
        self.count_wh = count_wh  # as last seen; None before the first look

    # One of four things happened since the last look:
    # 1 energy flowed
    # 2 the counter went round its end (`end_wh`, or None when it has none)
    # 3 it was reset and has counted from zero since
    # 4 it is another counter: what it counted in its life before is not ours
    def advance(self, count_wh, elapsed_s, end_wh=None):
        """Take in the chip's counter, `elapsed_s` after the last look. Returns the Wh that flowed."""
        before, self.count_wh = self.count_wh, count_wh
        if before is None:
            return 0
        most_wh = elapsed_s * _POWER_W_MAX // 3600 + _SLACK_WH
        steps = [count_wh - before, count_wh]
        if end_wh is not None:
            steps.insert(1, count_wh - before + end_wh)
        for step in steps:
            if 0 <= step <= most_wh:
                self.total_wh += step
                return step
        return 0
