"""What the tap reads of MQTT, and what it takes the broker to owe."""

import random

import pytest

from hil import mqtt_packets as mqtt
from hil.debts import Debts
from hil.errors import BenchError

PUBLISH_0 = b"\x30\x05\x00\x01ahi"


def packets(data):
    buffer = bytearray(data)
    return mqtt.split(buffer), bytes(buffer)


def test_packets_come_out_whole_however_the_stream_is_cut():
    big = mqtt.write_publish("t", bytes(20_000), 300)
    stream = mqtt.write_connect("me") + big + PUBLISH_0 + b"\xc0\x00" + mqtt.write_publish("x/y", b"", 1)
    whole, rest = packets(stream)
    assert [packet.kind for packet in whole] == [mqtt.CONNECT, mqtt.PUBLISH, mqtt.PUBLISH, mqtt.PINGREQ, mqtt.PUBLISH]
    assert rest == b""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    cuts = random.Random(seed)
    for _ in range(50):
        buffer, found = bytearray(), []
        at = 0
        while at < len(stream):
            size = cuts.choice((1, 2, 3, 50, 7000))
            buffer += stream[at : at + size]
            at += size
            found += mqtt.split(buffer)
        assert found == whole


def test_a_length_of_five_bytes_is_no_mqtt():
    with pytest.raises(BenchError, match="remaining length"):
        packets(b"\x30\xff\xff\xff\xff\x01")


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+/c", "a/b/c", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a/b", True),
        ("#", "$SYS/load", False),
        ("+/+", "/b", True),
        ("+", "a/b", False),
    ],
)
def test_topic_filters(topic_filter, topic, expected):
    assert mqtt.matches(topic_filter, topic) is expected


def test_what_packets_say():
    (publish,), _ = packets(mqtt.write_publish("a/b", b"payload", 515))
    assert mqtt.read_publish(publish) == mqtt.Publish("a/b", b"payload", 1, False, 515)
    (publish,), _ = packets(PUBLISH_0)
    assert mqtt.read_publish(publish) == mqtt.Publish("a", b"hi", 0, False, 0)
    body = b"\x00\x04MQTT\x04\x2e\x00\x3c" + b"\x00\x02id" + b"\x00\x03w/t" + b"\x00\x04gone"
    (connect,), _ = packets(b"\x10" + bytes((len(body),)) + body)
    assert mqtt.read_will(connect) == mqtt.Publish("w/t", b"gone", 1, True, 0)
    (connect,), _ = packets(mqtt.write_connect("me"))
    assert mqtt.read_will(connect) is None
    body = b"\x00\x07" + b"\x00\x03a/+\x01" + b"\x00\x01b\x00"
    (subscribe,), _ = packets(b"\x82" + bytes((len(body),)) + body)
    assert mqtt.read_filters(subscribe) == ["a/+", "b"]
    assert subscribe.identifier == 7


def test_debts_are_paid_one_by_one():
    debts = Debts()
    (first,), _ = packets(mqtt.write_publish("a", b"same", 1))
    (second,), _ = packets(mqtt.write_publish("a", b"same", 2))
    (ping,), _ = packets(b"\xc0\x00")
    for packet in (first, second, ping):
        debts.owe_answer(packet)
    debts.owe_delivery(mqtt.read_publish(first))
    debts.owe_delivery(mqtt.read_publish(second))
    assert len(debts) == 5
    for paid, left in (("d0 00", 4), ("40 02 00 02", 3), ("40 02 00 02", 3), ("40 02 00 01", 2)):
        (packet,), _ = packets(bytes.fromhex(paid))
        debts.pay(packet)
        assert len(debts) == left
    for left in (1, 0, 0):  # the third was never owed: it passes
        debts.pay(first)
        assert len(debts) == left
    debts.owe_answer(first)
    assert debts.forgive() == 1
    assert not debts
