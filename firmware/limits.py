"""
What a command may do, given the device's own limits and what it measures: pure functions
to (outcome, reason, value), as a receipt says them. The limits were given to the device
by its operator; no command moves them.

A temperature or a state of charge of None was not measured: then nothing is obeyed that
needs it.
"""

from wire.receipt import OBEYED, REFUSED

_JITTER_S = 5  # two commands a minimum time apart may arrive a little closer


def refused(reason, value=0):
    return REFUSED, reason, value


def obeyed(value, reason="none"):
    return OBEYED, reason, value


def may_switch(is_on, held_s, limits):
    """Whether a relay that has been on or off for `held_s` may change. Minimum times hold whoever asks."""
    return held_s + _JITTER_S >= (limits.on_s_min if is_on else limits.off_s_min)


def relay(value, is_on, held_s, temperature_mc, limits):
    """A heater asked to be off (0) or on (1)."""
    if value not in (0, 1):
        return refused("unknown_action")
    if temperature_mc is None:
        return refused("equipment_silent", int(is_on))
    if value == 0 and temperature_mc < limits.temperature_mc_min:
        return refused("comfort_low", int(is_on))
    if value == 1 and temperature_mc >= limits.temperature_mc_max:
        return refused("comfort_high", int(is_on))
    if bool(value) != is_on and not may_switch(is_on, held_s, limits):
        return refused("minimum_on_time" if is_on else "minimum_off_time", int(is_on))
    return obeyed(value)


def battery(value, soc_permille, limits):
    """A battery asked for `value` W, charging positive."""
    if soc_permille is None:
        return refused("equipment_silent")
    if value > 0 and soc_permille >= limits.soc_permille_max:
        return refused("soc_high")
    if value < 0 and soc_permille <= limits.soc_permille_min:
        return refused("soc_low")
    allowed = max(-limits.discharge_w_max, min(limits.charge_w_max, value))
    return obeyed(allowed, "none" if allowed == value else "power_limited")


def breaker(value):
    """An M-LMD's breaker asked to open (0) or close (1)."""
    return obeyed(value) if value in (0, 1) else refused("unknown_action")
