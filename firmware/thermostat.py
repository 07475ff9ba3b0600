"""
The Thermostat decides a water heater's relay on the device itself: the safe state when
nobody commands, and the comfort limits when somebody does. Pure.
"""


# Between the limits a held command is kept, or else the relay is left as it is: from the
# minimum the water is heated to the maximum in one go, which switches least. Under a held
# "off" it is heated only a quarter of the band above the minimum; under a held "on" it
# cools by a quarter below the maximum before it is heated again.
def wants(temperature_mc, is_on, held, limits):
    """Whether the heater should be on. held: 0 or 1 as commanded, None without a command; temperature None: unknown."""
    if temperature_mc is None:
        return False
    low, high = limits.temperature_mc_min, limits.temperature_mc_max
    quarter = (high - low) // 4
    if temperature_mc < low:
        return True
    if temperature_mc >= high:
        return False
    if held == 0:
        return is_on and temperature_mc < low + quarter
    if held == 1 and temperature_mc < high - quarter:
        return True
    return is_on
