"""
The services' first cable: MQTT on the caller's own event loop, by paho's socket
callbacks: no thread, and no timer but one for keep-alive (on the bench every timer is
a grant of time).

The broker is trusted with nothing and nothing relies on what it keeps. Each connection
has a client of its own and a clean session: whatever was under way when the one before
it broke is repeated by whoever needs it, from what is on disk. While the broker is away
`publish` drops and counts.

An exception out of a callback ends `run`, and with it the service: it is never hidden.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from .group import OPEN, Group
from .tls import Tls

KEEPALIVE_S = 60
MISC_S = 20.0  # the broker gives up after 1.5 x 60 s: a ping leaves after 80 s at the latest
BACKOFF_S = (1, 2, 5, 10, 20, 30)
CONNECT_TIMEOUT_S = 3.0
QUEUE_MAX = 4096  # messages the broker has not acknowledged yet


def parse_broker(broker: str) -> tuple[Literal["tcp", "unix"], str, int]:
    """(transport, host or path, port) of "host:port" or "unix:/path". Raises ValueError."""
    if broker.startswith("unix:"):
        return "unix", broker[5:], 1883
    host, colon, port = broker.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f'a broker is "host:port" or "unix:/path", not {broker!r}')
    return "tcp", host.strip("[]"), int(port)


class MqttLink:
    """
    One service's connection to its broker, for ever.

    on_message(topic, payload) is called on the loop for each message and must not block;
    on_ready() each time the subscriptions stand. counts: connects, dropped, bad_topic,
    not_sealed (what strangers sent under the topics of a group). trouble: why there is no
    connection, as far as it is known; on_trouble(trouble) whenever it changes.
    """

    def __init__(
        self,
        broker: str,
        client_id: str,
        topics: Sequence[str],
        on_message: Callable[[str, bytes], None],
        on_ready: Callable[[], None] = lambda: None,
        group: Group = OPEN,
        tls: Tls | None = None,
        on_trouble: Callable[[str], None] = lambda trouble: None,
    ) -> None:
        self._transport, self._host, self._port = parse_broker(broker)
        if tls and self._transport == "unix":
            raise ValueError("TLS is for a broker at host:port; who may use a Unix socket, its file system says")
        self._client_id = client_id
        self._topics = topics
        self._on_message = on_message
        self._on_ready = on_ready
        self._group = group
        self._tls = tls.context() if tls else None
        self._on_trouble = on_trouble
        self._client: paho.Client | None = None
        self._lost = asyncio.Event()
        self._failures = 0
        self._error: BaseException | None = None
        self.ready = False
        self.trouble = ""
        self.counts = {"connects": 0, "dropped": 0, "bad_topic": 0, "not_sealed": 0}

    async def run(self) -> None:
        """Connects, and connects again whenever the connection is lost. Raises what a callback raised."""
        try:
            while True:
                self._drop_client()
                self._lost.clear()
                self._connect()
                await self._carry()
                await asyncio.sleep(BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)])
                self._failures += 1
        finally:
            self._drop_client()

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> bool:
        """Hands a message to the broker, never waiting. False (and counted) without a connection or room for it."""
        if self.ready and self._client is not None:
            info = self._client.publish(topic, self._group.sealed(topic, payload), qos, retain)
            if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                return True
        self.counts["dropped"] += 1
        return False

    async def lost(self) -> None:
        """Returns when there is no connection."""
        await self._lost.wait()

    async def _carry(self) -> None:
        while not self._lost.is_set():
            try:
                # Not wait_for: until Python 3.12 it swallows a cancellation that comes together with the loss.
                async with asyncio.timeout(MISC_S):
                    await self._lost.wait()
            except TimeoutError:
                self._guard(self._loop_misc)
        self.ready = False
        if self._error is not None:
            raise self._error

    def _loop_misc(self) -> None:
        if self._client is None or self._client.loop_misc() != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lost.set()

    def _connect(self) -> None:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, self._client_id, clean_session=True, transport=self._transport
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_queued_messages_set(QUEUE_MAX)
        client.max_inflight_messages_set(QUEUE_MAX)
        client.on_socket_open = self._socket_open
        client.on_socket_close = self._socket_close
        client.on_socket_register_write = self._want_write
        client.on_socket_unregister_write = self._written
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        if self._tls:
            client.tls_set_context(self._tls)
        self._client = client
        try:
            client.connect(self._host, self._port, KEEPALIVE_S)
        except OSError as error:  # the broker is not there, or not yet, or one of us does not believe the other
            self._lost.set()
            self._note(str(error))

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            self._on_trouble(trouble)
        self.trouble = trouble

    def _drop_client(self) -> None:
        client, self._client = self._client, None
        self.ready = False
        if client is None or client.socket() is None:
            return
        client.disconnect()
        client.loop_write()
        if (sock := client.socket()) is not None:  # its buffer is full: it goes without a farewell
            asyncio.get_running_loop().remove_reader(sock.fileno())
            asyncio.get_running_loop().remove_writer(sock.fileno())

    def _guard(self, step: Callable[[], object]) -> None:
        """paho runs on behalf of the loop, which would only log what a callback raises: keep it for `run`."""
        try:
            step()
        except Exception as error:
            self._error = error
            self._lost.set()

    def _socket_open(self, client: paho.Client, _userdata: Any, sock: Any) -> None:
        asyncio.get_running_loop().add_reader(sock.fileno(), self._guard, partial(self._read, client))

    def _read(self, client: paho.Client) -> None:
        client.loop_read()
        # TLS may have taken more off the wire than paho took of it: the loop would not call for that.
        while (sock := client.socket()) is not None and isinstance(sock, ssl.SSLSocket) and sock.pending():
            client.loop_read()

    def _socket_close(self, _client: paho.Client, _userdata: Any, sock: Any) -> None:
        asyncio.get_running_loop().remove_reader(sock.fileno())
        self._lost.set()

    def _want_write(self, client: paho.Client, _userdata: Any, sock: Any) -> None:
        asyncio.get_running_loop().add_writer(sock.fileno(), self._guard, client.loop_write)

    def _written(self, _client: paho.Client, _userdata: Any, sock: Any) -> None:
        asyncio.get_running_loop().remove_writer(sock.fileno())

    def _connected(self, client: paho.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._lost.set()
            self._note(str(reason))
            return
        self.counts["connects"] += 1
        self._failures = 0
        if self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self._now_ready()

    def _subscribed(
        self, _client: paho.Client, _userdata: Any, _mid: int, reasons: list[Any], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            raise PermissionError(f"the broker refuses to let us read one of {list(self._topics)}")
        self._now_ready()

    def _now_ready(self) -> None:
        self.ready = True
        self._note("")
        self._on_ready()

    def _disconnected(self, _client: paho.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._lost.set()
        if reason.is_failure:
            self._note(str(reason))

    def _message(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self.counts["bad_topic"] += 1
            return
        payload = self._group.opened(topic, bytes(message.payload))
        if payload is None:
            self.counts["not_sealed"] += 1
            return
        self._on_message(topic, payload)
