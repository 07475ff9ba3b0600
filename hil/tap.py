"""
The Tap stands between every MQTT client and the broker: one TCP connection to the
broker per client. It knows what the broker still owes (see Debts), so "nothing in
flight" is counted, not guessed; it hands messages to the broker one client after
another, so their order does not depend on the machine; and it is where messages are
captured and injected.
"""

import select
import socket
import time
from collections.abc import Callable

from hil import mqtt_packets as mqtt
from hil.debts import Debts
from hil.mqtt_packets import Packet, Publish

PATIENCE_S = 5.0  # wall time; what the broker has not done by then it will not do
Observer = Callable[[str, Publish], None]


class Link:
    """One client's connection through the tap."""

    def __init__(
        self, client: str, upstream: socket.socket, deliver: Callable[[bytes], None], lost: Callable[[], None]
    ):
        self.client = client
        self.upstream = upstream
        self.debts = Debts()
        self.filters: set[str] = set()
        self.will: Publish | None = None
        self.is_open = True
        self.is_closing = False
        self._deliver = deliver
        self._lost = lost
        self._partial = bytearray()
        self._from_broker = bytearray()
        self._arrived: list[bytes] = []
        self.outgoing: list[Packet] = []

    def send(self, data: bytes) -> None:
        """Bytes of the client; whole packets go to the broker in the tap's next exchange."""
        self._partial += data
        self.outgoing += mqtt.split(self._partial)

    def close(self) -> None:
        """The client hung up; the broker hears of it in the tap's next exchange, after what was sent before."""
        self._deliver, self._lost = lambda data: None, lambda: None
        self.is_closing = True

    def wants(self, topic: str) -> bool:
        return any(mqtt.matches(topic_filter, topic) for topic_filter in self.filters)

    def receive(self) -> list[Packet]:
        """Reads what came from the broker; the packets in it. Sets `is_open` to False at the stream's end."""
        try:
            data = self.upstream.recv(1 << 18, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.is_open = False
            return []
        self._arrived.append(data)
        self._from_broker += data
        return mqtt.split(self._from_broker)

    def hand_on(self) -> None:
        """Gives the client what arrived, then the end if it came."""
        if self._arrived:
            data = b"".join(self._arrived)
            self._arrived.clear()
            self._deliver(data)
        if not self.is_open:
            self._lost()


def _as_sent(packet: Packet) -> bytes:
    return mqtt.without_keep_alive(packet) if packet.kind == mqtt.CONNECT else packet.raw


class Tap:
    def __init__(self) -> None:
        self.address: tuple[str, int] | None = None  # of the broker; None while it is down
        self.on_publish: list[Observer] = []  # (client, message) as a client's message goes to the broker
        self.on_delivery: list[Observer] = []  # (client, message) as the broker delivers it
        self.messages = 0
        self.debts_forgiven = 0
        self._links: list[Link] = []
        self._retained: dict[str, Publish] = {}
        self._poll = select.poll()
        self._own: Link | None = None
        self._identifier = 0

    # -- clients ----------------------------------------------------------------------------------

    def connect(self, client: str, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> Link | None:
        """A connection to the broker for `client`, or None when the broker refuses. deliver(data), lost() call back."""
        if self.address is None:
            return None
        try:
            upstream = socket.create_connection(self.address, PATIENCE_S)
        except OSError:
            return None
        upstream.settimeout(PATIENCE_S)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, upstream, deliver, lost)
        self._links.append(link)
        self._poll.register(upstream, select.POLLIN)
        return link

    def inject(self, topic: str, payload: bytes) -> bool:
        """Publishes a message of the bench's own, QoS 1, with the next exchange; False while the broker is down."""
        if self._own is None or self._own not in self._links:
            self._own = self.connect("bench", lambda data: None, lambda: None)
            if self._own is None:
                return False
            self._own.send(mqtt.write_connect("gridtide-bench"))
        self._identifier = self._identifier % 0xFFFF + 1
        self._own.send(mqtt.write_publish(topic, payload, self._identifier))
        return True

    def broker_down(self) -> None:
        """The broker was killed and its state is gone: nothing is owed any more."""
        self.address = None
        self._retained.clear()
        for link in list(self._links):
            link.debts.forgive()
            self._drop(link)
            link.is_open = False
            link.hand_on()

    # -- exchange ---------------------------------------------------------------------------------

    def exchange(self) -> None:
        """Takes what clients sent to the broker, one client after another, and its answers to the clients."""
        # By name: which of two clients was connected first depends on the machine.
        for link in sorted(self._links, key=lambda link: link.client):
            if link.outgoing and link.is_open:
                self._forward(link)
                self._collect()
            if link.is_closing and link in self._links:
                self._hang_up(link)
                self._collect()
        self._collect()
        for link in list(self._links):
            if not link.is_open:
                self._drop(link)
            link.hand_on()

    def _forward(self, link: Link) -> None:
        for packet in link.outgoing:
            self._note(link, packet)
        data = b"".join(_as_sent(packet) for packet in link.outgoing)
        link.outgoing.clear()
        try:
            link.upstream.sendall(data)
        except OSError:
            link.is_open = False

    def _note(self, link: Link, packet: Packet) -> None:
        link.debts.owe_answer(packet)
        if packet.kind == mqtt.PUBLISH:
            message = mqtt.read_publish(packet)
            self._note_publish(message)
            for observe in self.on_publish:
                observe(link.client, message)
        elif packet.kind == mqtt.CONNECT:
            link.will = mqtt.read_will(packet)
        elif packet.kind == mqtt.SUBSCRIBE:
            self._note_filters(link, mqtt.read_filters(packet))
        elif packet.kind == mqtt.UNSUBSCRIBE:
            link.filters -= set(mqtt.read_filters(packet))
        elif packet.kind == mqtt.DISCONNECT:
            link.will = None

    def _note_filters(self, link: Link, filters: list[str]) -> None:
        link.filters |= set(filters)
        for topic, message in self._retained.items():
            if any(mqtt.matches(topic_filter, topic) for topic_filter in filters):
                link.debts.owe_delivery(message)

    def _note_publish(self, message: Publish) -> None:
        self.messages += 1
        if message.retain:
            self._retained.pop(message.topic, None)
            if message.payload:
                self._retained[message.topic] = message
        for subscriber in self._links:
            if subscriber.is_open and subscriber.wants(message.topic):
                subscriber.debts.owe_delivery(message)

    def _hang_up(self, link: Link) -> None:
        self._drop(link)
        link.is_open = False
        if link.will:
            self._note_publish(link.will)

    def _drop(self, link: Link) -> None:
        if link in self._links:
            self._links.remove(link)
            self._poll.unregister(link.upstream)
            link.upstream.close()

    def _collect(self) -> None:
        """Reads from the broker until it owes nothing; after the patience its debts are forgiven, and counted."""
        deadline = time.monotonic() + PATIENCE_S
        by_descriptor = {link.upstream.fileno(): link for link in self._links if link.is_open}
        while True:
            owing = any(link.debts for link in by_descriptor.values() if link.is_open)
            wait_ms = max(0, (deadline - time.monotonic()) * 1000) if owing else 0
            ready = self._poll.poll(wait_ms)
            progress = False
            for descriptor, _ in ready:
                link = by_descriptor.get(descriptor)
                if link and link.is_open:
                    self._read(link)
                    progress = True
            if owing and time.monotonic() >= deadline:
                self.debts_forgiven += sum(link.debts.forgive() for link in self._links)
            elif not owing and not progress:
                return

    def _read(self, link: Link) -> None:
        for packet in link.receive():
            if packet.kind == mqtt.PUBLISH and self.on_delivery:
                message = mqtt.read_publish(packet)
                for observe in self.on_delivery:
                    observe(link.client, message)
            link.debts.pay(packet)
        if not link.is_open:
            link.debts.forgive()
