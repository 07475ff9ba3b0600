"""
A battery behind a SunSpec inverter: model 103 tells its AC power, model 124 its state of
charge and takes the set-point.

A set-point is written as the two rates of model 124 with opposite signs: "charge at least
and at most this much". Where the inverter has a reversion time, it falls back by itself
should this device die.

Source: SunSpec Information Model Reference, models 1, 103, 124.
"""

import struct
from collections import namedtuple

_BASE = 40000
_MARK = b"SunS"
_INVERTER, _STORAGE, _END = 103, 124, 0xFFFF
_NOT_IMPLEMENTED = 0xFFFF
# Offsets of points from their model's id.
_W, _STORAGE_HEAD, _STOR_CTL_MOD, _CHA_STATE, _OUT_W_RTE, _IN_W_RTE, _REVERSION = 14, 2, 5, 8, 12, 13, 15
_CHARGE_AND_DISCHARGE = 3

# power_w: AC side, charging positive.
State = namedtuple("State", ("power_w", "soc_permille"))


class SunspecError(Exception):
    """The inverter's map has no model this driver can use."""


def signed(word):
    return word - 0x10000 if word & 0x8000 else word


def scaled(value, scale, unit=0):
    """value * 10**scale in units of 10**unit, rounded to the nearest, halves up."""
    exponent = scale - unit
    if exponent >= 0:
        return value * 10**exponent
    divisor = 10**-exponent
    return (value + divisor // 2) // divisor


class SunspecStorage:
    def __init__(self, bus, address):
        self._bus = bus
        self._address = address
        self._inverter = 0  # register of each model, 0 before they were looked for
        self._storage = 0

    async def _read(self, register, count):
        data = await self._bus.read_holding(self._address, register, count)
        return struct.unpack(">%dH" % count, data)

    # The map is a chain of models, each with its id and its length.
    async def _find(self):
        found = {}
        if await self._bus.read_holding(self._address, _BASE, 2) != _MARK:
            raise SunspecError("no SunSpec map at %d" % _BASE)
        at = _BASE + 2
        model, length = await self._read(at, 2)
        while model != _END:
            found[model] = at
            at += length + 2
            model, length = await self._read(at, 2)
        if _INVERTER not in found or _STORAGE not in found:
            raise SunspecError("models %s, not 103 and 124" % sorted(found))
        await self._read_scales(found[_STORAGE])
        self._inverter, self._storage = found[_INVERTER], found[_STORAGE]

    # What does not change while the inverter runs.
    async def _read_scales(self, storage):
        points = await self._read(storage, 26)
        self._charge_w_max = scaled(points[_STORAGE_HEAD], signed(points[18]))
        self._soc_scale, self._rate_scale = signed(points[22]), signed(points[25])
        self._reverts = points[_REVERSION] != _NOT_IMPLEMENTED

    async def read(self):
        """The State now. Raises ModbusError, SunspecError."""
        if not self._storage:
            await self._find()
        power, power_scale = await self._read(self._inverter + _W, 2)
        (soc,) = await self._read(self._storage + _CHA_STATE, 1)
        soc_permille = min(1000, scaled(soc, self._soc_scale, -1))
        return State(-scaled(signed(power), signed(power_scale)), soc_permille)

    async def set_power_w(self, power_w, hold_s):
        """Charge with power_w (discharge when negative) for hold_s. Returns the W that were set, as the rates allow."""
        if not self._storage:
            await self._find()
        hundred = scaled(100, 0, self._rate_scale)
        rate = (abs(power_w) * hundred + self._charge_w_max // 2) // self._charge_w_max
        rate = min(rate, hundred) * (1 if power_w >= 0 else -1)
        values = [-rate, rate]
        if self._reverts:
            values += [0, min(hold_s, 0xFFFE)]
        await self._bus.write(self._address, self._storage + _OUT_W_RTE, values)
        await self._bus.write(self._address, self._storage + _STOR_CTL_MOD, [_CHARGE_AND_DISCHARGE])
        return (abs(rate) * self._charge_w_max + hundred // 2) // hundred * (1 if rate >= 0 else -1)
