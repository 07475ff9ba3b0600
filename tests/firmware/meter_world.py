# ruff: noqa: UP031 - it runs on MicroPython
"""A meter's World: PZEM-004Ts, an inverter, a tank, and an M-LMD on the air that carries everything."""

import struct
from binascii import hexlify

import board_channel as bench
import board_frames as frames
import ed25519
from world import AGGREGATOR_KEY, AREA, METER, MLMD, NETWORK, World, consumed_wh, every, produced_wh

from wire import command, key_notice, signed_time

MLMD_MAC = b"\x02MLMD1"
MLMD_KEYS = ed25519.Signer(b"m" * 32), ed25519.Signer(b"n" * 32)
_BASE = 40000
_STORAGE, _W, _IN_W_RTE = 122, 84, 135  # registers past _BASE
_TANK_UV = 1650000

CONFIG = {
    "role": "meter",
    "name": "meter",
    "board": "esp32_devkit",
    "network_id": hexlify(NETWORK).decode(),
    "area_id": hexlify(AREA).decode(),
    "device_id": hexlify(METER).decode(),
    "aggregator_public_key": hexlify(AGGREGATOR_KEY.public_key).decode(),
    "mlmd": {
        "id": hexlify(MLMD).decode(),
        "public_key": hexlify(MLMD_KEYS[0].public_key).decode(),
        "mac": hexlify(MLMD_MAC).decode(),
    },
    "equipment": {"pzem": {"load": 1, "pv": 2, "battery": 3}, "inverter": 10, "heater": True},
    "limits": {
        "temperature_mc_min": 40000,
        "temperature_mc_max": 70000,
        "on_s_min": 60,
        "off_s_min": 60,
        "soc_permille_min": 200,
        "soc_permille_max": 900,
        "charge_w_max": 3000,
        "discharge_w_max": 3000,
    },
}


class Inverter:
    """SunSpec models 1, 103 and 124, without losses: what it is told is what it does."""

    def __init__(self):
        self.words = [0x5375, 0x6E53, 1, 66] + [0] * 66 + [103, 50] + [0] * 50 + [124, 24] + [0] * 24 + [0xFFFF, 0]
        for offset, value in ((2, 3400), (8, 5000), (15, 0), (18, 0), (22, 0xFFFE), (25, 0xFFFE)):
            self.words[_STORAGE + offset] = value

    def answer(self, request):
        function, first, count = struct.unpack(">BHH", request[1:6])
        at = first - _BASE
        if function == 3:
            return bytes((2 * count,)) + struct.pack(">%dH" % count, *self.words[at : at + count])
        self.words[at : at + count] = struct.unpack(">%dH" % count, request[7:-2])
        rate = self.words[_IN_W_RTE]
        rate -= (rate & 0x8000) << 1
        self.words[_W] = -(rate * 3400 // 10000) & 0xFFFF
        return request[2:6]


class MeterWorld(World):
    def __init__(self, kept, happened):
        super().__init__(METER, kept, happened)
        self._inverter = Inverter()

    def plan(self):
        """[(hours, action)] of the day."""

        def order(number):
            action, value = (
                (command.RELAY, number // 2 % 2) if number % 2 else (command.BATTERY_POWER, 500 - 50 * number)
            )
            return lambda: self.order(action, value)

        return every(0.55, 0.75, 31, order) + every(14.2, 0, 1, lambda _: self.change_mlmd)

    def fresh_order(self):
        return self.order(command.BATTERY_POWER, 0)

    # -- wires ------------------------------------------------------------------------------

    def answer(self, what, _argument, _payload):
        if what == frames.RADIO_HEARD:
            return b"\0" if self.is_away else b"\1"
        return b"\1" if what == frames.PIN_GET else _TANK_UV.to_bytes(4, "big")

    def take(self, what, argument, payload):
        if what == frames.UART_OUT:
            self.reply(argument, payload, self._chips(payload))
        elif what == frames.RADIO_OUT and not self.is_away:
            self._hear(payload[6:])

    def _chips(self, request):
        address, now_s = request[0], bench.now_ms // 1000
        if address == 10:
            return self._inverter.answer(request)
        energy_wh = (consumed_wh(now_s), produced_wh(now_s), 5000)[address - 1]
        return b"\x14" + struct.pack(">10H", 2300, 0, 0, 5000, 0, energy_wh & 0xFFFF, energy_wh >> 16, 500, 100, 0)

    # -- the M-LMD --------------------------------------------------------------------------

    def _hear(self, frame):
        if frame[:1] == signed_time.REQUEST:
            self.tell_time(frame[1:], MLMD, MLMD_KEYS[self.kept.others_changed])
        else:
            self.hear(frame)

    def deliver(self, leaf, frame):
        if not self.is_away:
            bench.hand(frames.RADIO_IN, 0, MLMD_MAC + frame)
        return not self.is_away

    def change_mlmd(self):
        """The M-LMD has another key."""
        self.happen("others_changed", 1)
        self.say_changes()

    def say_changes(self):
        """As the M-LMD does for whom missed it."""
        if self.kept.others_changed:
            self.sealed("command", key_notice, (1, MLMD, MLMD_KEYS[1].public_key), lambda: None)
