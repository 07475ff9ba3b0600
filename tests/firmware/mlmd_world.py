"""An M-LMD's World: an SDM230, the breaker's sensors, and a broker with the aggregator behind it."""

import struct
from binascii import hexlify

import board_channel as bench
import board_frames as frames
from world import AGGREGATOR_KEY, AREA, METER, MLMD, NETWORK, World, consumed_wh, every, produced_wh

from wire import bundle, command, cose, kind, message, topics

_ECONNREFUSED = b"\0\x6f"
_SUPERVISION, _VOLTAGE, _CURRENT = 32, 33, 35
_CURRENT_UV, _UV_PER_V = 20000, 6600

CONFIG = {
    "role": "mlmd",
    "name": "mlmd",
    "board": "esp32_devkit",
    "network_id": hexlify(NETWORK).decode(),
    "area_id": hexlify(AREA).decode(),
    "device_id": hexlify(MLMD).decode(),
    "aggregator_public_key": hexlify(AGGREGATOR_KEY.public_key).decode(),
    "meters": [{"id": hexlify(METER).decode(), "public_key": "22" * 32, "mac": "024d45544552"}],
    "wifi": {"ssid": "s", "password": "p"},
    "mqtt": {"host": "broker", "port": 1883},
    "power_w_max": 14000,
    "equipment": {"sdm": 1},
}


class MlmdWorld(World):
    def __init__(self, kept, happened):
        super().__init__(MLMD, kept, happened)
        self._voltage_v = 230
        self._socket = None  # number of the connection that is open
        self._buffer = b""

    def plan(self):
        """[(hours, action)] of the day: commands, and the voltage is too high for some seconds, four times."""

        def order(number):
            return lambda: self.order(command.BREAKER, number % 2, 600)

        def surge(number):
            return lambda: self._set_voltage(230 if number % 2 else 275)

        surges = [(13.3, surge(0)), (13.305, surge(1)), (13.4, surge(0)), (13.403, surge(1))]
        return every(0.55, 0.75, 31, order) + surges + [(20 + hours - 13, action) for hours, action in surges]

    def fresh_order(self):
        return self.order(command.BREAKER, 1)

    def say_changes(self):
        """None of its neighbours' keys changed."""

    # -- wires ------------------------------------------------------------------------------

    def _set_voltage(self, voltage_v):
        self._voltage_v = voltage_v
        bench.hand(frames.PIN_EDGE, _SUPERVISION, bytes((voltage_v > 253,)))

    def answer(self, what, argument, _payload):
        if what == frames.ADC_UV:
            return (self._voltage_v * _UV_PER_V if argument == _VOLTAGE else _CURRENT_UV).to_bytes(4, "big")
        if what == frames.PIN_GET:
            return bytes((self._voltage_v > 253 if argument == _SUPERVISION else 1,))
        return b"\0"  # no other radio

    def take(self, what, argument, payload):
        if what == frames.UART_OUT:
            self.reply(argument, payload, self._chip(payload))
        elif what == frames.CONNECT:
            self._connect(argument)
        elif what == frames.SEND and argument == self._socket:
            self._buffer += payload
            self._take_packets()
        elif what == frames.CLOSE and argument == self._socket:
            self._socket = None

    def _chip(self, request):
        first, count = struct.unpack(">HH", request[2:6])
        now_s = bench.now_ms // 1000
        values = {0: 230.0, 12: 420.0, 70: 50.0, 72: consumed_wh(now_s) / 1000, 74: produced_wh(now_s) / 1000}
        words = [struct.pack(">f", values.get(register, 0.0)) for register in range(first, first + count, 2)]
        return bytes((2 * count,)) + b"".join(words)

    # -- the broker -------------------------------------------------------------------------

    def go_away(self, is_away):
        """The broker: its connections break."""
        self.is_away = is_away
        if is_away and self._socket is not None:
            bench.hand(frames.CLOSED, self._socket, b"")
            self._socket = None

    def _connect(self, number):
        self._buffer = b""
        if not self.is_away:
            self._socket = number
        answer = _ECONNREFUSED if self.is_away else b"\0\0"
        bench.at(bench.now_ms + 5, lambda: bench.hand(frames.OPENED, number, answer))

    def _send(self, octets):
        number = self._socket
        bench.at(bench.now_ms + 5, lambda: bench.hand(frames.RECEIVED, number, octets))

    # MQTT 3.1.1, 2.2: type and flags, the remaining length in groups of seven bits, the rest.
    def _take_packets(self):
        while len(self._buffer) > 1:
            length, at = 0, 1
            while at < len(self._buffer):
                length |= (self._buffer[at] & 0x7F) << 7 * (at - 1)
                at += 1
                if self._buffer[at - 1] < 0x80:
                    break
            else:
                return
            if len(self._buffer) < at + length:
                return
            head, body = self._buffer[0], self._buffer[at : at + length]
            self._buffer = self._buffer[at + length :]
            self._take_packet(head, body)

    def _take_packet(self, head, body):
        packet = head >> 4
        if packet == 1:
            self._send(b"\x20\x02\0\0")
        elif packet == 8:
            self._send(bytes((0x90, 2 + len(topics.TO_DEVICE) + 2)) + body[:2] + b"\1" * (len(topics.TO_DEVICE) + 2))
        elif packet == 12:
            self._send(b"\xd0\0")
        elif packet == 3:
            size = body[0] << 8 | body[1]
            topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
            if head & 6:
                self._send(b"\x40\x02" + rest[:2])
                rest = rest[2:]
            self._take_published(topic.split("/")[-1], rest)

    def _take_published(self, leaf, payload):
        if leaf == "time_request":
            self.tell_time(payload)
        elif leaf == "reading":
            envelope = cose.open_envelope(payload)
            assert envelope.kind == kind.BUNDLE
            for signed in message.decode(bundle.LAYOUT, envelope.payload).readings:
                self.hear(signed)
        elif leaf in ("receipt", "event", "rotation"):
            self.hear(payload)

    def deliver(self, leaf, frame):
        if self._socket is None:
            return False
        topic = topics.of_device(AREA, MLMD, leaf).encode()
        body = len(topic).to_bytes(2, "big") + topic + b"\0\1" + frame
        length = bytes((len(body),)) if len(body) < 128 else bytes((len(body) & 0x7F | 0x80, len(body) >> 7))
        bench.hand(frames.RECEIVED, self._socket, b"\x32" + length + body)
        return True
