"""Topics: what is built is read back, and nothing else is."""

import pytest

from wire import area_block, reading_ask, topics

AREA, DEVICE = bytes(range(8)), bytes([0xFF, 0xA0, 1, 2, 3, 4, 5, 6])


@pytest.mark.parametrize("leaf", topics.FROM_DEVICE + topics.TO_DEVICE)
def test_a_devices_topic_is_read_back(leaf):
    topic = topics.of_device(AREA, DEVICE, leaf)
    assert topic == f"gridtide/v1/0001020304050607/ffa0010203040506/{leaf}"
    assert topics.device_of(topic) == (DEVICE, leaf)


@pytest.mark.parametrize(
    "topic",
    [
        topics.BLOCK,
        area_block.FETCH_TOPIC,
        area_block.topic_of(AREA),
        reading_ask.topic_of(AREA),
        reading_ask.answer_topic_of(AREA, DEVICE),
        topics.of_area_load(AREA),
        "",
        "gridtide/v1/0001020304050607/ffa001020304050/reading",
        "gridtide/v1/0001020304050607/ffa00102030405060/reading",
        "gridtide/v1/0001020304050607/FFA0010203040506/reading",
        "gridtide/v1/0001020304050607/+fa0010203040506/reading",
        "gridtide/v1/0001020304050607/ffa0 10203040506/reading",
        "gridtide/v1/0001020304050607/ffa0010203040506/reading/more",
        "gridtide/v2/0001020304050607/ffa0010203040506/reading",
        "other/v1/0001020304050607/ffa0010203040506/reading",
    ],
)
def test_other_topics_are_not(topic):
    assert topics.device_of(topic) is None


def test_subscriptions():
    assert topics.of_all_devices(AREA, "reading") == "gridtide/v1/0001020304050607/+/reading"
    assert topics.of_area_load(None) == "gridtide/v1/+/area_load"
