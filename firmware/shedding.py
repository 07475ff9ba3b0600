"""
Shedding decides which meters' deferrable loads an M-LMD keeps off while its area may only
draw so much, and gives back what fits. Pure; what is on is known from the meters' last
records, and from what was ordered since.
"""

from collections import namedtuple

HEATER, CHARGER = 1, 2

# What can be shed: of which meter, which of its two, how many W it draws while it is on.
Load = namedtuple("Load", ("meter_id", "what", "power_w"))


def loads_of(meters):
    """The Loads of an M-LMD's meters (config.Peer): batteries go first, then heaters, the larger ones first."""
    chargers = [Load(meter.id, CHARGER, meter.charge_w) for meter in meters if meter.charge_w]
    heaters = [Load(meter.id, HEATER, meter.deferrable_w) for meter in meters if meter.deferrable_w]

    def order(load):
        return -load.power_w, load.meter_id

    return sorted(chargers, key=order) + sorted(heaters, key=order)


def decide(loads, shed, is_on, power_w, share_w):
    """
    The set of Loads to keep off, from the ones that are off now (shed). is_on(load): whether it
    drew power when it was last heard of, and is not shed. power_w: what the area draws.
    """
    spare_w = share_w - power_w
    keep = set(shed)
    for load in loads:
        if spare_w >= 0:
            break
        if load not in keep and is_on(load):
            keep.add(load)
            spare_w += load.power_w
    # Heaters before batteries, the smaller ones first: back, or free to switch on by themselves, if there is room.
    for load in reversed(loads):
        if load in keep and load not in shed:
            continue
        if load not in keep and is_on(load):
            continue
        if load.power_w <= spare_w:
            keep.discard(load)
            spare_w -= load.power_w
        else:
            keep.add(load)
    return keep
