"""
Debts are what the broker still owes one client: an answer to each packet that has one,
and a delivery of each message published to one of the client's subscriptions. While a
debt is open something is in flight, and virtual time stands still.
"""

import hashlib
from collections import Counter

from hil import mqtt_packets as mqtt
from hil.mqtt_packets import Packet, Publish

_ANSWER = {
    mqtt.CONNECT: mqtt.CONNACK,
    mqtt.SUBSCRIBE: mqtt.SUBACK,
    mqtt.UNSUBSCRIBE: mqtt.UNSUBACK,
    mqtt.PINGREQ: mqtt.PINGRESP,
}
_WITH_IDENTIFIER = (mqtt.SUBACK, mqtt.UNSUBACK, mqtt.PUBACK)
Debt = tuple[int, int | bytes]


def _delivery(message: Publish) -> Debt:
    return mqtt.PUBLISH, hashlib.sha256(message.topic.encode() + b"\0" + message.payload).digest()


class Debts:
    def __init__(self) -> None:
        self._open: Counter[Debt] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    def owe_answer(self, packet: Packet) -> None:
        """The broker has to answer what the client sent."""
        if packet.kind == mqtt.PUBLISH:
            message = mqtt.read_publish(packet)
            assert message.qos < 2, "nothing of ours publishes at QoS 2"
            if message.qos:
                self._open[mqtt.PUBACK, message.identifier] += 1
        elif packet.kind in _ANSWER:
            self._open[self._answered(_ANSWER[packet.kind], packet)] += 1

    def owe_delivery(self, message: Publish) -> None:
        self._open[_delivery(message)] += 1

    def pay(self, packet: Packet) -> None:
        """Something came from the broker. What was not owed (a queued message, a duplicate) passes."""
        if packet.kind == mqtt.PUBLISH:
            debt = _delivery(mqtt.read_publish(packet))
        else:
            debt = self._answered(packet.kind, packet)
        if self._open[debt] > 1:
            self._open[debt] -= 1
        else:
            del self._open[debt]

    def forgive(self) -> int:
        """How many debts were given up."""
        count = len(self)
        self._open.clear()
        return count

    @staticmethod
    def _answered(kind: int, packet: Packet) -> Debt:
        return kind, packet.identifier if kind in _WITH_IDENTIFIER else 0
