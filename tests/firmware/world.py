"""
What a device meets in a day, in one object: its wires, who carries its messages, and the aggregator.
It keeps what the device said and was told, so that it can be held to it. `meter_world` and `mlmd_world` are
the two roles' own; `board_channel` of by_hand/ is the wire. For MicroPython.
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
HOUR_S = 3600

AGGREGATOR_KEY = ed25519.Signer(b"a" * 32)
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


class Kept:
    """What the device has said and was told until now."""

    def __init__(self, other=None):
        self.said = dict(other.said) if other else {}  # (kind, boot, sequence) -> bytes
        self.unacknowledged = (
            set(other.unacknowledged) if other else set()
        )  # keys of what was heard and is kept until then
        self.orders = list(other.orders) if other else []  # (sequence, bytes) that reached the device
        self.answered = set(other.answered) if other else set()  # sequences of commands
        self.obeyed = dict(other.obeyed) if other else {}  # sequence of a command -> its receipt
        self.records = dict(other.records) if other else {}  # (boot, sequence) -> Record
        self.saved = dict(other.saved) if other else {}  # what the device was told is on the flash
        self.announced = other.announced if other else None  # its next public key
        self.keys = list(other.keys) if other else [FIRST_KEY.public_key]  # its own, the newest last
        self.others_changed = other.others_changed if other else 0  # whether the M-LMD of a meter has its second key

    def note(self, one):
        """one: (name, ...) as World.happened gets it."""
        name, parts = one[0], one[1:]
        if name == "said":
            what, boot, sequence, octets, record, is_kept = parts
            key = (what, boot, sequence)
            assert self.said.get(key, octets) == octets, ("a sequence was repeated", key)
            if key not in self.said and is_kept:
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
            assert name == "others_changed"
            self.others_changed = parts[0]


class World:
    # own_id: the device's. happened(one): called in the order in which things happen. Ends at end_ms.
    def __init__(self, own_id, kept, happened):
        self.own_id = own_id
        self.kept = kept
        self._happened = happened
        self.end_ms = 0
        self.is_silent = False  # the aggregator: nothing is acknowledged
        self.is_away = False  # who carries its messages
        self.answers_rotation = False
        self.heard = set()  # keys of what was said since this world began

    def happen(self, *one):
        self.kept.note(one)
        self._happened(one)

    def look(self):
        if bench.now_ms >= self.end_ms:
            raise bench.Over()

    # A reply of the chips, on the serial line it was asked on.
    def reply(self, port, request, data):
        reply = request[:2] + data
        reply += crc16(reply)
        bench.at(bench.now_ms + 40, lambda: bench.hand(frames.UART_IN, port, reply))

    # -- what it says -----------------------------------------------------------------------

    def hear(self, frame):
        envelope = cose.open_envelope(frame)
        if envelope.kind == kind.ROTATION:
            self._hear_rotation(envelope)
            return
        assert [key for key in self.kept.keys if is_signed(envelope, key)], "a key nobody knows"
        if envelope.kind == kind.READING:
            one = message.decode(reading.LAYOUT, envelope.payload)
            self._keep(reading, one, frame, one.records[0])
        elif envelope.kind == kind.RECEIPT:
            one = message.decode(receipt.LAYOUT, envelope.payload)
            self._keep(receipt, one, frame)
            self.happen("answered", one.command_sequence)
            if one.outcome == receipt.OBEYED:
                self.happen("obeyed", one.command_sequence, frame)
        elif envelope.kind == kind.EVENT:
            one = message.decode(event.LAYOUT, envelope.payload)
            self._keep(event, one, frame, None, not event.CODES[one.code].startswith("firmware"))

    # On the aggregator's disk, and acknowledged. what: the message's module of wire. is_kept: until then, on the flash.
    def _keep(self, what, one, frame, record=None, is_kept=True):
        key = (what.KIND, one.boot, one.sequence)
        self.happen("said", *key, frame, record, is_kept)
        self.heard.add(key)
        if not self.is_silent:
            number = one.sequence + (0 if what is reading else what.ACKNOWLEDGED)
            told = bench.now_ms // 1000, [(self.own_id, one.boot, number, number)]
            self.sealed("acknowledgement", acknowledgement, told, lambda: self.happen("acknowledged", key))

    def _hear_rotation(self, envelope):
        assert [key for key in self.kept.keys if is_signed(envelope, key)], "a rotation that is not the key's"
        said = message.decode(rotation.LAYOUT, envelope.payload)
        if self.kept.announced != said.public_key:
            self.happen("announced", said.public_key)
        if self.answers_rotation:
            self.notice_own()

    # -- what it is told --------------------------------------------------------------------

    def deliver(self, leaf, frame):
        """Brings a message to the device, now. leaf: of its topic, where it has one. Returns whether it can."""
        raise NotImplementedError

    def go_away(self, is_away):
        """Who carries its messages is gone, or back."""
        self.is_away = is_away

    def sealed(self, leaf, what, fields, on_arrival, key=AGGREGATOR_KEY, own_id=AREA):
        """What is signed here reaches the device a moment later, and only then was it told. Returns it."""
        signed = message.seal(what.KIND, what.LAYOUT, fields, own_id, NETWORK, key.sign)

        def arrive():
            if self.deliver(leaf, signed):
                on_arrival()

        bench.at(bench.now_ms + 300, arrive)
        return signed

    def order(self, action, value, lasts_s=2100):
        """A command. Returns its sequence."""
        sequence = self.kept.orders[-1][0] + 1 if self.kept.orders else 1
        now_s = bench.now_ms // 1000
        fields = (self.own_id, sequence, 0, 0, 0, now_s, now_s + lasts_s, action, value)
        signed = self.sealed("command", command, fields, lambda: self.happen("order", sequence, signed))
        return sequence

    def order_again(self):
        """The last command once more, as it was."""
        if self.kept.orders:
            self.deliver("command", self.kept.orders[-1][1])

    def rotate_key(self):
        self.order(command.ROTATE_KEY, 0)

    def notice_own(self):
        """The ledger has its next key."""
        announced = self.kept.announced
        if announced:
            self.sealed("command", key_notice, (1, self.own_id, announced), lambda: self._has_key(announced))

    def _has_key(self, public_key):
        if public_key != self.kept.keys[-1]:
            self.happen("key", public_key)

    def tell_time(self, challenge, own_id=AREA, key=AGGREGATOR_KEY):
        told = bench.now_ms // 1000, challenge
        self.sealed("time", signed_time, told, lambda: None, key, own_id)


def is_signed(envelope, public_key):
    head = cose.signature_input(envelope.protected, envelope.payload, NETWORK)
    return ed25519.verify(public_key, head, envelope.signature)


def every(begin, step, count, action):
    """[(hours, action(number))] from `begin` on."""
    return [(begin + step * number, action(number)) for number in range(count)]
