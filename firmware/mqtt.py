"""
A small MQTT 3.1.1 client on asyncio streams: QoS 1 both ways, clean sessions, last will,
and reconnecting with a back-off. It keeps nothing for later: what matters is signed,
kept and offered again by those who made it.

Source: OASIS MQTT 3.1.1; section numbers are of that.
"""

import asyncio
import struct

from waiting import until

_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 1, 2, 3, 4
_SUBSCRIBE, _SUBACK, _PINGREQ, _PINGRESP = 8, 9, 12, 13
_QOS1, _RETAIN = 2, 1  # bits of a PUBLISH's first byte
_CLEAN_SESSION, _WILL, _WILL_QOS1, _WILL_RETAIN = 2, 4, 8, 32
_ANSWER_MS = 10000
_BACK_OFF_S = (1, 2, 5, 10, 30, 60)
_PACKET_MAX = 1024  # nothing a device takes is longer; longer packets are read and dropped
_PIECE = 256


class MqttError(Exception):
    """The broker refused, went away, or does not speak MQTT 3.1.1."""


def text(string):
    """1.5.3: a string, or bytes, with its length before it."""
    octets = string if isinstance(string, bytes) else string.encode()
    return struct.pack(">H", len(octets)) + octets


def packet(first, body):
    """2.2: a control packet."""
    length = len(body)
    sizes = b""
    while True:
        length, size = length >> 7, length & 0x7F
        sizes += bytes((size | 0x80 if length else size,))
        if not length:
            return bytes((first,)) + sizes + body


# 3.1: with a will, retained, at QoS 1.
def connect_packet(client_id, keep_alive_s, will_topic, will):
    flags = _CLEAN_SESSION | _WILL | _WILL_QOS1 | _WILL_RETAIN
    head = text("MQTT") + struct.pack(">BBH", 4, flags, keep_alive_s)
    return packet(_CONNECT << 4, head + text(client_id) + text(will_topic) + text(will))


class Mqtt:
    # will: (topic, bytes), said by the broker when this client falls silent. tls: an SSLContext, or None; the broker's
    # certificate must then be for `host`.
    def __init__(self, host, port, client_id, keep_alive_s, will, tls=None):
        self._host, self._port, self._tls = host, port, tls
        self._hello = connect_packet(client_id, keep_alive_s, will[0], will[1])
        self._reader = self._writer = None  # two names of one stream
        self._lost = asyncio.Event()
        self._answers = {}  # packet id, 0 for a ping -> [Event, whether it was answered]
        self._packet_id = 0
        self._writing = asyncio.Lock()
        self._has_spoken = False  # since the last keep_alive()
        self.is_up = False

    # -- the link ---------------------------------------------------------------------------

    async def run(self, topics, on_up, on_message):
        """
        Stay connected for ever, subscribed to `topics()`.

        on_up(): async, each time the link is up. on_message(topic, payload): async; the next packet is read
        when it returns, so it must not wait for an answer of the broker.
        """
        failures = 0
        while True:
            self._lost.clear()
            if await self._connect():
                failures = 0
                tasks = [self._read_forever(on_message), self._begin(topics, on_up)]
                tasks = [asyncio.create_task(task) for task in tasks]
                await self._lost.wait()
                await self._disconnect(tasks)
            await asyncio.sleep(_BACK_OFF_S[min(failures, len(_BACK_OFF_S) - 1)])
            failures += 1

    async def _connect(self):
        try:
            await asyncio.wait_for_ms(self._open(), _ANSWER_MS)
        # ValueError: a certificate that does not verify.
        except (OSError, MqttError, EOFError, ValueError, asyncio.TimeoutError):
            await self._close()
            return False
        return True

    async def _open(self):
        # The stubs know no TLS here.
        streams = asyncio.open_connection(self._host, self._port, self._tls)  # pyright: ignore[reportCallIssue]
        self._reader, self._writer = await streams
        self._writer.write(self._hello)
        await self._writer.drain()
        first, body = await self._read(self._reader)
        if first >> 4 != _CONNACK or not body or len(body) != 2 or body[1]:
            raise MqttError("not let in")

    async def _begin(self, topics, on_up):
        if await self._subscribe(topics):
            self.is_up = True
            await on_up()

    # A coroutine of its own: the task of the one above is kept as long as the link, with all that it held.
    async def _subscribe(self, topics):
        body = b"".join([text(topic) + b"\1" for topic in topics()])
        return await self._request(_SUBSCRIBE << 4 | 2, self._next_id(), b"", body)

    async def _disconnect(self, tasks):
        self.is_up = False
        for task in tasks:
            task.cancel()
        for waiting in self._answers.values():
            waiting[0].set()
        self._answers.clear()
        await self._close()

    async def _close(self):
        writer, self._reader, self._writer = self._writer, None, None
        if writer:
            writer.close()
            await writer.wait_closed()

    # -- reading ----------------------------------------------------------------------------

    # (first byte, body) of the next packet; the body is None when it was too long to keep.
    async def _read(self, reader):
        first = (await reader.readexactly(1))[0]
        length = shift = 0
        while True:
            size = (await reader.readexactly(1))[0]
            length |= (size & 0x7F) << shift
            if size < 0x80:
                break
            shift += 7
            if shift > 21:
                raise MqttError("malformed length")
        if length <= _PACKET_MAX:
            return first, await reader.readexactly(length)
        while length:
            length -= len(await reader.readexactly(min(length, _PIECE)))
        return first, None

    async def _read_forever(self, on_message):
        reader = self._reader
        try:
            while True:
                first, body = await self._read(reader)
                if body is not None:
                    await self._take(first, body, on_message)
        except (OSError, MqttError, EOFError, UnicodeError):
            self._lost.set()

    async def _take(self, first, body, on_message):
        kind = first >> 4
        if kind == _PUBLISH:
            await self._take_message(first, body, on_message)
        elif kind in (_PUBACK, _SUBACK):
            if len(body) < 2 or (kind == _SUBACK and 0x80 in body[2:]):
                raise MqttError("refused")
            self._answered(body[0] << 8 | body[1])
        elif kind == _PINGRESP:
            self._answered(0)

    async def _take_message(self, first, body, on_message):
        size = body[0] << 8 | body[1] if len(body) >= 2 else len(body)
        at = 2 + size
        has_id = bool(first & _QOS1)
        if len(body) < at + 2 * has_id:
            raise MqttError("malformed publish")
        await on_message(body[2:at].decode(), body[at + 2 * has_id :])
        if has_id:
            await self._write(packet(_PUBACK << 4, body[at : at + 2]))

    def _answered(self, number):
        waiting = self._answers.get(number)
        if waiting:
            waiting[1] = True
            waiting[0].set()

    # -- writing ----------------------------------------------------------------------------

    async def _write(self, data):
        self._has_spoken = True
        async with self._writing:
            writer = self._writer
            if not writer:
                return
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                self._lost.set()

    def _next_id(self):
        self._packet_id = self._packet_id % 0xFFFF + 1
        return self._packet_id

    # A packet that asks for an answer: whether it came. Silence ends the link.
    async def _request(self, first, number, head, tail):
        waiting = [asyncio.Event(), False]
        self._answers[number] = waiting
        body = head + (struct.pack(">H", number) if number else b"") + tail
        await self._write(packet(first, body))
        if not await until(waiting[0], _ANSWER_MS):
            self._lost.set()
        self._answers.pop(number, None)
        return waiting[1]

    async def publish(self, topic, payload, retain=False):
        """Publish bytes at QoS 1. Returns whether the broker has taken them; nothing is kept when it has not."""
        if not self.is_up:
            return False
        first = _PUBLISH << 4 | _QOS1 | (_RETAIN if retain else 0)
        return await self._request(first, self._next_id(), text(topic), payload)

    async def keep_alive(self):
        """To be called at least twice in a keep-alive time: pings, if nothing was said since the last call."""
        if self.is_up and not self._has_spoken:
            await self._request(_PINGREQ << 4, 0, b"", b"")
        self._has_spoken = False
