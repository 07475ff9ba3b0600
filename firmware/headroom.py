"""
Headroom is what the feeder can still carry, shared out among the M-LMDs that hang on it. Each
works out every share from the last messages: the same messages give the same shares. Pure.

Two who have heard different messages never take too much together, as long as whoever was
not heard counts at its own limit: a greater claim of one never makes another's share greater.
"""

from collections import namedtuple

# What one area claims: need_w, what it would draw with nothing shed; power_w_max, its own limit.
Claim = namedtuple("Claim", ("need_w", "power_w_max"))

STALE_S = 75  # an older message says nothing of now
_MARGIN_PERCENT = 95  # the lines' own losses, and what changes between two messages


def claim(need_w, power_w_max, age_s):
    """The Claim of an area whose last message is age_s old (None: it was never heard)."""
    if age_s is None or not -STALE_S < age_s < STALE_S:
        return Claim(power_w_max, power_w_max)
    return Claim(max(0, min(need_w, power_w_max)), power_w_max)


def shares(feeder_power_w_max, claims):
    """W for each of `claims` (id -> Claim): no more than the feeder carries, nobody more than its own limit."""
    limit_w = feeder_power_w_max * _MARGIN_PERCENT // 100
    spare_w = limit_w - sum([one.need_w for one in claims.values()])
    if spare_w < 0:
        level_w = _level(limit_w, sorted([one.need_w for one in claims.values()]))
        return {who: min(one.need_w, level_w) for who, one in claims.items()}
    wishes_w = max(1, sum([one.power_w_max - one.need_w for one in claims.values()]))
    given_w = min(spare_w, wishes_w)
    return {who: one.need_w + (one.power_w_max - one.need_w) * given_w // wishes_w for who, one in claims.items()}


# Who needs little gets it; the others get the same (max-min fairness).
def _level(limit_w, needs_w):
    left_w = limit_w
    for i, need_w in enumerate(needs_w):
        others = len(needs_w) - i
        if need_w * others > left_w:
            return left_w // others
        left_w -= need_w
    return left_w
