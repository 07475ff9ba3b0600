"""
Edge control: when a micro area or the feeder carries more than it may, deferrable loads
are shed at once, without waiting for the ledger; when there is room again they get back
what the ledger decided. Pure: what is measured and what is shed go in, switches come out.

It never sheds against comfort: the device itself refuses a switch outside its limits,
says so in its receipt, and is left alone for a while. The warmest tanks go first, and no
more of them than needed; room means a tenth below the limit, so that nothing chatters.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

ROOM_PERMILLE = 900  # of the limit: loads come back when they fit below this
FRESH_S = 900  # a load measured longer ago says nothing
REFUSED_S = 900  # a device that refused is not asked again for so long


class Junction(NamedTuple):
    """What an M-LMD last measured of its micro area. power_w: import positive."""

    mlmd_id: bytes
    measured_s: int
    power_w: int
    power_w_max: int


class Deferrable(NamedTuple):
    """A water heater under contract, as last heard of. value: of the ledger's decision in force, None without one."""

    device_id: bytes
    mlmd_id: bytes
    contract_id: int
    power_w: int
    temperature_mc: int
    is_on: bool
    value: int | None


class Shed(NamedTuple):
    """A load that edge control switched off. refused: it would not."""

    device_id: bytes
    mlmd_id: bytes
    power_w: int
    since_s: int
    until_s: int
    refused: bool


class Switch(NamedTuple):
    """One command to give: 0 sheds, 1 restores."""

    load: Deferrable
    value: int


def fresh(junctions: Iterable[Junction], now_s: int) -> list[Junction]:
    return [junction for junction in junctions if now_s - junction.measured_s < FRESH_S]


def expected_w(junctions: Iterable[Junction], sheds: Iterable[Shed]) -> int:
    """Their load, less what was shed since it was measured."""
    measured_s = {junction.mlmd_id: junction.measured_s for junction in junctions}
    power_w = sum(junction.power_w for junction in junctions)
    return power_w - sum(
        shed.power_w
        for shed in sheds
        if not shed.refused and shed.mlmd_id in measured_s and shed.since_s >= measured_s[shed.mlmd_id]
    )


def choose(candidates: Iterable[Deferrable], excess_w: int) -> list[Deferrable]:
    """
    The loads to shed for `excess_w`: the warmest first, until enough, and of those none that the others make needless.
    """
    chosen: list[Deferrable] = []
    for load in sorted(candidates, key=lambda load: (-load.temperature_mc, load.device_id)):
        if sum(taken.power_w for taken in chosen) >= excess_w:
            break
        chosen.append(load)
    for load in reversed(chosen[:-1]):  # the coolest first: it is spared when what is left still covers the excess
        if sum(taken.power_w for taken in chosen) - load.power_w >= excess_w:
            chosen.remove(load)
    return chosen


def decide(
    junctions: Iterable[Junction],
    loads: Iterable[Deferrable],
    sheds: Mapping[bytes, Shed],
    limits_w: Mapping[bytes, int],
    feeder_w_max: int,
    now_s: int,
) -> list[Switch]:
    """
    The switches to give now, by device id. sheds: in force, by device id. limits_w: by M-LMD, before its own.

    First each micro area, then the feeder with what is left; loads come back only where both have room.
    """
    junctions, loads = fresh(junctions, now_s), list(loads)
    to_shed: dict[bytes, Deferrable] = {}
    for junction in junctions:
        limit_w = limits_w.get(junction.mlmd_id, junction.power_w_max)
        excess_w = expected_w([junction], sheds.values()) - limit_w
        candidates = [load for load in _candidates(loads, sheds) if load.mlmd_id == junction.mlmd_id]
        to_shed.update({load.device_id: load for load in choose(candidates, excess_w) if excess_w > 0})
    relief_w = sum(load.power_w for load in to_shed.values())
    excess_w = expected_w(junctions, sheds.values()) - relief_w - feeder_w_max
    if excess_w > 0:
        candidates = [load for load in _candidates(loads, sheds) if load.device_id not in to_shed]
        to_shed.update({load.device_id: load for load in choose(candidates, excess_w)})
    if to_shed:
        return [Switch(to_shed[device_id], 0) for device_id in sorted(to_shed)]
    return _restore(junctions, loads, sheds, limits_w, feeder_w_max)


def _candidates(loads: Iterable[Deferrable], sheds: Mapping[bytes, Shed]) -> list[Deferrable]:
    return [load for load in loads if load.is_on and load.device_id not in sheds]


def _restore(
    junctions: list[Junction],
    loads: Iterable[Deferrable],
    sheds: Mapping[bytes, Shed],
    limits_w: Mapping[bytes, int],
    feeder_w_max: int,
) -> list[Switch]:
    """The coldest first, each only when its micro area and the feeder have room for it."""
    room_w = {
        junction.mlmd_id: limits_w.get(junction.mlmd_id, junction.power_w_max) * ROOM_PERMILLE // 1000
        - expected_w([junction], sheds.values())
        for junction in junctions
    }
    feeder_room_w = feeder_w_max * ROOM_PERMILLE // 1000 - expected_w(junctions, sheds.values())
    shed = {device_id for device_id, shed in sheds.items() if not shed.refused}
    wanted = [load for load in loads if load.value == 1 and load.device_id in shed]
    back = []
    for load in sorted(wanted, key=lambda load: (load.temperature_mc, load.device_id)):
        if load.power_w <= min(room_w.get(load.mlmd_id, 0), feeder_room_w):
            room_w[load.mlmd_id] -= load.power_w
            feeder_room_w -= load.power_w
            back.append(Switch(load, 1))
    return sorted(back, key=lambda switch: switch.load.device_id)


def still_in_force(sheds: Mapping[bytes, Shed], now_s: int) -> dict[bytes, Shed]:
    """Sheds whose command (or whose refusal) has not run out."""
    return {device_id: shed for device_id, shed in sheds.items() if now_s < shed.until_s}
