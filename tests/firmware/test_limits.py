"""What a command may do, as a table: asked, measured, limits -> outcome, reason, value."""

import limits
from config import Limits

from wire.receipt import OBEYED, REASONS, REFUSED

LIMITS = Limits(45000, 70000, 900, 600, 100, 950, 3400, 3000)
LONG = 100000

#   asked  on     held_s  temperature_mc   outcome   reason               value
RELAY = (
    (1, False, LONG, 60000, OBEYED, "none", 1),
    (0, True, LONG, 60000, OBEYED, "none", 0),
    (1, True, 0, 60000, OBEYED, "none", 1),  # no change: no minimum time
    (0, False, 0, 60000, OBEYED, "none", 0),
    (0, True, LONG, 44999, REFUSED, "comfort_low", 1),
    (0, True, LONG, 45000, OBEYED, "none", 0),
    (0, False, LONG, 44999, REFUSED, "comfort_low", 0),
    (1, False, LONG, 70000, REFUSED, "comfort_high", 0),
    (1, False, LONG, 69999, OBEYED, "none", 1),
    (0, True, 894, 60000, REFUSED, "minimum_on_time", 1),
    (0, True, 895, 60000, OBEYED, "none", 0),  # five seconds of jitter on the way
    (1, False, 594, 60000, REFUSED, "minimum_off_time", 0),
    (1, False, 600, 60000, OBEYED, "none", 1),
    (0, True, 0, 44000, REFUSED, "comfort_low", 1),  # comfort is named before the minimum time
    (1, False, LONG, None, REFUSED, "equipment_silent", 0),
    (0, True, LONG, None, REFUSED, "equipment_silent", 1),
    (2, False, LONG, 60000, REFUSED, "unknown_action", 0),
    (-1, False, LONG, 60000, REFUSED, "unknown_action", 0),
)

#   asked  soc_permille   outcome   reason            value
BATTERY = (
    (1000, 500, OBEYED, "none", 1000),
    (-1000, 500, OBEYED, "none", -1000),
    (0, 500, OBEYED, "none", 0),
    (3400, 500, OBEYED, "none", 3400),
    (3401, 500, OBEYED, "power_limited", 3400),
    (-3001, 500, OBEYED, "power_limited", -3000),
    (2147483647, 500, OBEYED, "power_limited", 3400),
    (1, 950, REFUSED, "soc_high", 0),
    (1, 949, OBEYED, "none", 1),
    (-1, 100, REFUSED, "soc_low", 0),
    (-1, 101, OBEYED, "none", -1),
    # Outside the limits, whatever steers back is obeyed.
    (500, 20, OBEYED, "none", 500),
    (-500, 1000, OBEYED, "none", -500),
    (0, 1000, OBEYED, "none", 0),
    (0, None, REFUSED, "equipment_silent", 0),
)

BREAKER = ((0, OBEYED, "none", 0), (1, OBEYED, "none", 1), (2, REFUSED, "unknown_action", 0))


def test_relay():
    for asked, on, held_s, temperature_mc, outcome, reason, value in RELAY:
        answer = limits.relay(asked, on, held_s, temperature_mc, LIMITS)
        assert answer == (outcome, reason, value), (asked, on, held_s, temperature_mc, answer)


def test_battery():
    for asked, soc_permille, outcome, reason, value in BATTERY:
        answer = limits.battery(asked, soc_permille, LIMITS)
        assert answer == (outcome, reason, value), (asked, soc_permille, answer)


def test_breaker():
    for asked, outcome, reason, value in BREAKER:
        assert limits.breaker(asked) == (outcome, reason, value), asked


def test_every_reason_is_on_the_wire():
    for row in RELAY + BATTERY + BREAKER:
        assert row[-2] in REASONS
