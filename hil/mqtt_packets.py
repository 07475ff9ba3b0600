"""
The packets of MQTT 3.1.1, as far as a tap must read them: where one ends, what it asks
for, what answers it.
"""

import struct
from dataclasses import dataclass

from hil.errors import BenchError

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC = 1, 2, 3, 4, 5
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14


@dataclass(frozen=True)
class Packet:
    kind: int
    flags: int
    body: bytes
    raw: bytes

    @property
    def identifier(self) -> int:
        """Of the kinds whose body begins with one (all but CONNECT, PUBLISH and the empty ones)."""
        return int.from_bytes(self.body[:2], "big")


@dataclass(frozen=True)
class Publish:
    topic: str
    payload: bytes
    qos: int
    retain: bool
    identifier: int  # 0 for QoS 0


def split(buffer: bytearray) -> list[Packet]:
    """The whole packets at the front of `buffer`, taken out of it; the start of the next stays."""
    packets, at = [], 0
    while (head := _remaining_length(buffer, at + 1)) is not None:
        length, start = head
        if start + length > len(buffer):
            break
        packets.append(_packet(bytes(buffer[at : start + length]), start - at))
        at = start + length
    del buffer[:at]
    return packets


def _packet(raw: bytes, start: int) -> Packet:
    return Packet(raw[0] >> 4, raw[0] & 15, raw[start:], raw)


def _remaining_length(buffer: bytearray, at: int) -> tuple[int, int] | None:
    """(length, where the body starts), or None while the length is not all there. MQTT 3.1.1, 2.2.3."""
    length = 0
    for shift in range(4):
        if at + shift >= len(buffer):
            return None
        byte = buffer[at + shift]
        length |= (byte & 127) << 7 * shift
        if byte < 128:
            return length, at + shift + 1
    raise BenchError("not MQTT: a remaining length of more than four bytes")


def _text(body: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 : end], end


def read_publish(packet: Packet) -> Publish:
    topic, at = _text(packet.body, 0)
    qos = packet.flags >> 1 & 3
    identifier = int.from_bytes(packet.body[at : at + 2], "big") if qos else 0
    return Publish(topic.decode(), packet.body[at + (2 if qos else 0) :], qos, bool(packet.flags & 1), identifier)


def read_will(packet: Packet) -> Publish | None:
    """The last will in a CONNECT. MQTT 3.1.1, 3.1.2 and 3.1.3."""
    _, at = _text(packet.body, 0)
    flags = packet.body[at + 1]
    _, at = _text(packet.body, at + 4)
    if not flags & 4:
        return None
    topic, at = _text(packet.body, at)
    payload, _ = _text(packet.body, at)
    return Publish(topic.decode(), payload, flags >> 3 & 3, bool(flags & 32), 0)


def without_keep_alive(packet: Packet) -> bytes:
    """A CONNECT whose keep-alive is 0: the broker would count it in wall time, which means nothing here."""
    _, at = _text(packet.body, 0)
    at += len(packet.raw) - len(packet.body) + 2
    return packet.raw[:at] + b"\0\0" + packet.raw[at + 2 :]


def read_filters(packet: Packet) -> list[str]:
    """The topic filters of a SUBSCRIBE or UNSUBSCRIBE."""
    filters, at = [], 2
    while at < len(packet.body):
        text, at = _text(packet.body, at)
        filters.append(text.decode())
        at += packet.kind == SUBSCRIBE  # the requested QoS
    return filters


def matches(topic_filter: str, topic: str) -> bool:
    """MQTT 3.1.1, 4.7."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for index, want in enumerate(wanted):
        if want == "#":
            return True
        if index >= len(levels) or want not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def _pack(kind: int, flags: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        size, digit = size >> 7, size & 127
        length += bytes((digit | (128 if size else 0),))
        if not size:
            return bytes((kind << 4 | flags,)) + length + body


def _string(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()


def write_connect(client_id: str) -> bytes:
    return _pack(CONNECT, 0, _string("MQTT") + bytes((4, 2, 0, 0)) + _string(client_id))


def write_publish(topic: str, payload: bytes, identifier: int) -> bytes:
    """QoS 1."""
    return _pack(PUBLISH, 2, _string(topic) + struct.pack(">H", identifier) + payload)
