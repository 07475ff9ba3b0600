# ruff: noqa: UP031 - it runs on MicroPython
"""
All that a meter meets in a day, in one object: the chips on its buses, its M-LMD, and the
aggregator behind it. It keeps what the device said and was told, so that it can be held to it. For
MicroPython; `board_channel` of by_hand/ is its wire.
"""

import struct

import board_channel as bench
import board_frames as frames
import ed25519

from wire import (
    acknowledgement,
    command,
    cose,
    event,
    key_notice,
    kind,
    message,
    reading,
    receipt,
    rotation,
    signed_time,
)

NETWORK, AREA, MLMD, METER = b"network1", b"aggregat", b"mlmd0001", b"meter001"
MLMD_MAC = b"\x02MLMD1"
HEATER_PIN = 26
_METERING, _INVERTER = 2, 1
_BASE = 40000
_STORAGE, _W, _IN_W_RTE = 122, 84, 135  # registers past _BASE

AGGREGATOR_KEY = ed25519.Signer(b"a" * 32)
MLMD_KEYS = ed25519.Signer(b"m" * 32), ed25519.Signer(b"n" * 32)
FIRST_KEY = ed25519.Signer(b"d" * 32)


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


# The chips count in steps, half a minute away from every look.
def consumed_wh(at_s):
    return (at_s + 30) // 60 * 7 % 10000000


def produced_wh(at_s):
    return (at_s + 30) // 60 * 3 % 10000000


class Inverter:
    """SunSpec models 1, 103 and 124, without losses: what it is told is what it does."""

    def __init__(self):
        self.words = [0x5375, 0x6E53, 1, 66] + [0] * 66 + [103, 50] + [0] * 50 + [124, 24] + [0] * 24 + [0xFFFF, 0]
        storage = _STORAGE
        for offset, value in ((2, 3400), (8, 5000), (15, 0), (18, 0), (22, 0xFFFE), (25, 0xFFFE)):
            self.words[storage + offset] = value
        self.moved_wh = 5000

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


class Kept:
    """What the device has said and was told until now."""

    def __init__(self, other=None):
        self.said = dict(other.said) if other else {}  # (kind, boot, sequence) -> bytes
        self.unacknowledged = set(other.unacknowledged) if other else set()  # keys of the readings and receipts heard
        self.orders = list(other.orders) if other else []  # (sequence, bytes) that reached the device
        self.answered = set(other.answered) if other else set()  # sequences of commands
        self.obeyed = dict(other.obeyed) if other else {}  # sequence of a command -> its receipt
        self.records = dict(other.records) if other else {}  # (boot, sequence) -> Record
        self.saved = dict(other.saved) if other else {}  # what the device was told is on the flash
        self.announced = other.announced if other else None  # its next public key
        self.keys = list(other.keys) if other else [FIRST_KEY.public_key]  # its own, the newest last
        self.mlmd_key = other.mlmd_key if other else 0

    def note(self, one):
        """one: (name, ...) as World.happened gets it."""
        name, parts = one[0], one[1:]
        if name == "said":
            what, boot, sequence, octets, record = parts
            key = (what, boot, sequence)
            assert self.said.get(key, octets) == octets, ("a sequence was repeated", key)
            if key not in self.said and what != kind.EVENT:
                self.unacknowledged.add(key)
            if record:
                self.records[(boot, sequence)] = record
            self.said[key] = octets
        elif name == "acknowledged":
            self.unacknowledged.discard(parts[0])
        elif name == "order":
            self.orders.append(parts)
        elif name == "answered":
            self.answered.add(parts[0])
        elif name == "obeyed":
            sequence, octets = parts
            assert self.obeyed.get(sequence, octets) == octets, ("a command was obeyed twice", sequence)
            self.obeyed[sequence] = octets
        elif name == "saved":
            self.saved[parts[0]] = parts[1]
        elif name == "announced":
            self.announced = parts[0]
        elif name == "key":
            self.keys.append(parts[0])
        else:
            assert name == "mlmd_key"
            self.mlmd_key = parts[0]


class World:
    # happened(one): called in the order in which things happen.
    def __init__(self, kept, happened, end_ms):
        self.kept = kept
        self._happened = happened
        self.end_ms = end_ms
        self.is_silent = False  # the aggregator: nothing is acknowledged
        self.is_away = False  # the M-LMD's radio
        self.answers_rotation = False
        self.inverter = Inverter()
        self.heard = set()  # keys of what was said since this world began
        self.switched = []  # (ms, level) of the heater

    def happen(self, *one):
        self.kept.note(one)
        self._happened(one)

    # -- what the board's wires ask ---------------------------------------------------------

    def look(self):
        if bench.now_ms >= self.end_ms:
            raise bench.Over()

    def answer(self, what, _argument, _payload):
        if what == frames.RADIO_HEARD:
            return b"\0" if self.is_away else b"\1"
        return b"\1" if what == frames.PIN_GET else (1650000).to_bytes(4, "big")

    def take(self, what, argument, payload):
        if what == frames.UART_OUT:
            reply = self._chips(payload)
            bench.at(bench.now_ms + 40, lambda: bench.hand(frames.UART_IN, argument, reply))
        elif what == frames.RADIO_OUT and not self.is_away:
            self._hear(payload[6:])
        elif what == frames.PIN_SET and argument == HEATER_PIN:
            self.switched.append((bench.now_ms, payload[0]))

    def _chips(self, request):
        address, now_s = request[0], bench.now_ms // 1000
        if address == 10:
            data = self.inverter.answer(request)
        else:
            energy_wh = (consumed_wh(now_s), produced_wh(now_s), self.inverter.moved_wh)[address - 1]
            registers = (2300, 0, 0, 5000, 0, energy_wh & 0xFFFF, energy_wh >> 16, 500, 100, 0)
            data = bytes((20,)) + struct.pack(">10H", *registers)
        reply = request[:2] + data
        return reply + crc16(reply)

    # -- the radio --------------------------------------------------------------------------

    def tell(self, frame, after_ms=20):
        bench.at(bench.now_ms + after_ms, lambda: bench.hand(frames.RADIO_IN, 0, MLMD_MAC + frame))

    def _hear(self, frame):
        if frame[:1] == signed_time.REQUEST:
            told = bench.now_ms // 1000, frame[1:]
            key = MLMD_KEYS[self.kept.mlmd_key]
            self.tell(message.seal(kind.TIME, signed_time.LAYOUT, told, MLMD, NETWORK, key.sign))
            return
        envelope = cose.open_envelope(frame)
        if envelope.kind == kind.ROTATION:
            self._hear_rotation(envelope)
            return
        assert [key for key in self.kept.keys if _is_signed(envelope, key)], "a key nobody knows"
        if envelope.kind == kind.READING:
            self._hear_reading(frame, message.decode(reading.LAYOUT, envelope.payload))
        elif envelope.kind == kind.RECEIPT:
            self._hear_receipt(frame, message.decode(receipt.LAYOUT, envelope.payload))
        elif envelope.kind == kind.EVENT:
            one = message.decode(event.LAYOUT, envelope.payload)
            self._keep(event, one, frame)

    def _hear_reading(self, frame, one):
        self._keep(reading, one, frame, one.records[0])

    # On the aggregator's disk, and acknowledged. what: the message's module of wire.
    def _keep(self, what, one, frame, record=None):
        key = (what.KIND, one.boot, one.sequence)
        self.happen("said", *key, frame, record)
        self.heard.add(key)
        if not self.is_silent:
            number = one.sequence + (0 if what is reading else what.ACKNOWLEDGED)
            told = bench.now_ms // 1000, [(METER, one.boot, number, number)]
            self._sealed(acknowledgement, told, lambda: self.happen("acknowledged", key))

    # What the aggregator signs reaches the device a moment later, and only then was it told.
    def _sealed(self, what, fields, on_arrival):
        signed = message.seal(what.KIND, what.LAYOUT, fields, AREA, NETWORK, AGGREGATOR_KEY.sign)

        def arrive():
            on_arrival()
            bench.hand(frames.RADIO_IN, 0, MLMD_MAC + signed)

        bench.at(bench.now_ms + 300, arrive)
        return signed

    def _hear_receipt(self, frame, one):
        self._keep(receipt, one, frame)
        self.happen("answered", one.command_sequence)
        if one.outcome == receipt.OBEYED:
            self.happen("obeyed", one.command_sequence, frame)

    def _hear_rotation(self, envelope):
        assert [key for key in self.kept.keys if _is_signed(envelope, key)], "a rotation that is not the key's"
        said = message.decode(rotation.LAYOUT, envelope.payload)
        if self.kept.announced != said.public_key:
            self.happen("announced", said.public_key)
        if self.answers_rotation:
            self.notice_own()

    # -- what it is told --------------------------------------------------------------------

    def order_again(self):
        """The last command once more, as it was."""
        if self.kept.orders:
            bench.hand(frames.RADIO_IN, 0, MLMD_MAC + self.kept.orders[-1][1])

    def order(self, action, value, lasts_s=2100):
        """A command. Returns its sequence."""
        sequence = self.kept.orders[-1][0] + 1 if self.kept.orders else 1
        now_s = bench.now_ms // 1000
        fields = (METER, sequence, 0, 0, 0, now_s, now_s + lasts_s, action, value)
        signed = self._sealed(command, fields, lambda: self.happen("order", sequence, signed))
        return sequence

    def notice_own(self):
        """The ledger has its next key."""
        announced = self.kept.announced
        if announced:
            self._sealed(key_notice, (1, METER, announced), lambda: self._has_key(announced))

    def _has_key(self, public_key):
        if public_key != self.kept.keys[-1]:
            self.happen("key", public_key)

    def notice_mlmd(self):
        """The M-LMD has another key."""
        self.happen("mlmd_key", 1)
        self.say_mlmd()

    def say_mlmd(self):
        if self.kept.mlmd_key:
            self._sealed(key_notice, (1, MLMD, MLMD_KEYS[1].public_key), lambda: None)


def _is_signed(envelope, public_key):
    head = cose.signature_input(envelope.protected, envelope.payload, NETWORK)
    return ed25519.verify(public_key, head, envelope.signature)
