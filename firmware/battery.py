"""
The Battery is a storage behind its inverter. It holds the power it was commanded within
its limits, and rests at 0 W otherwise.
"""

import limits as rules
from drivers.modbus import ModbusError
from drivers.sunspec_storage import SunspecError
from hold import Hold


class Battery:
    def __init__(self, inverter, limits):
        self._inverter = inverter
        self._limits = limits
        self._set_w = None  # what the inverter was told last; None when that is not known
        self.hold = Hold()
        self.shed = Hold()  # by the M-LMD: no charging, whoever asks
        self.soc_permille = None  # None while the inverter is silent
        self.power_w = 0  # charging positive

    async def measure(self):
        try:
            state = await self._inverter.read()
        except (ModbusError, SunspecError):
            self.soc_permille, self.power_w = None, 0
            return
        self.soc_permille, self.power_w = state.soc_permille, state.power_w

    async def _set(self, power_w, hold_s):
        self._set_w = None
        self._set_w = await self._inverter.set_power_w(power_w, hold_s)
        return self._set_w

    async def obey(self, value, now_s, expires_s):
        """(outcome, reason, value) of a command. The caller has measured, and read the battery's meter, just before."""
        answer = rules.battery(value, self.soc_permille, self._limits)
        if answer[0] != rules.OBEYED:
            return answer
        if value > 0 and self.shed.value(now_s) is not None:
            return rules.refused("locked_out")
        try:
            set_w = await self._set(answer[2], expires_s - now_s)
        except (ModbusError, SunspecError):
            return rules.refused("equipment_silent")
        self.hold.set(answer[2], expires_s)
        return rules.obeyed(set_w, answer[1])

    # What is held is asked against the limits again at every look: a full battery is not charged on.
    async def control(self, now_s, locked_out):
        """Rest at 0 W unless a command holds and its limits still allow it. now_s: UTC or None."""
        held = self.hold.value(now_s)
        allowed = held is not None and not locked_out and not (held > 0 and self.shed.value(now_s) is not None)
        if allowed and rules.battery(held, self.soc_permille, self._limits)[0] == rules.OBEYED:
            return
        if self._set_w == 0:
            return
        try:
            await self._set(0, 0)
        except (ModbusError, SunspecError):
            pass  # it is not known to rest, so the next look tries again
